"""What a memory is compared with: the same base model with a window instead of one."""
