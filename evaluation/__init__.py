"""What was measured and how: each module prints one table and needs no part of the app but what it measures."""
