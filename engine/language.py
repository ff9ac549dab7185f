"""In which language something is said, by the little words that every language has of its own: enough to answer in it."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+")
_LITTLE = {
    "English": "the a an of to and in is was are were do does did what who how why when where which that it with for on you have has had "
    "be been this his her their there not from by at as i my we they he she would will can",
    "Dutch": "de het een van en in is was zijn waren wat wie hoe waarom wanneer waar welke welk dat die dit met voor op je jij ik mijn u "
    "heeft hebben had er niet wordt worden werd bij naar te ze zij hij wij ook nog heet heette mag moet kan hoeveel aan uit om als",
    "German": "der die das ein eine einen dem den des von und in ist war sind waren was wer wie warum wann wo welche welcher dass mit für "
    "auf ich mein du sie er es wir hat haben hatte nicht wird werden wurde bei nach zu viele heißt kann muss darf aus als um im zum zur",
    "French": "le la les un une des de du et en est était sont que qui quoi comment pourquoi quand où quel quelle quels quelles ce cette "
    "avec pour sur je mon tu il elle nous vous ils a ont avait ne pas dans par au aux se son sa ses combien peut",
    "Spanish": "el la los las un una unos de del y en es era son fue que qué quién cómo por cuándo dónde cuál cuáles ese esta este con "
    "para sobre yo mi tú él ella nosotros ha han había no se su sus cuántos cuánto cuánta puede al lo hay",
}
LITTLE_WORDS = {language: frozenset(words.split()) for language, words in _LITTLE.items()}
LOOKED_AT = 2000  # letters of a text


def language_of(text: str) -> str | None:
    """The English name of the language of a question or a passage; None where its words don't tell it from another one."""
    words = _WORD.findall(text[:LOOKED_AT].lower())
    counts = {language: sum(word in little for word in words) for language, little in LITTLE_WORDS.items()}
    best = max(counts.values())
    found = [language for language, count in counts.items() if count == best]
    return found[0] if best and len(found) == 1 else None
