"""Reads kohya's files of sample prompts: a prompt with options on each line."""

from training.diffusion.data.imports.settings_table import (
    ImportedSettings,
    Rule,
    Table,
    integer,
    number,
    text,
)

PROMPT_OPTIONS: Table = {
    "n": Rule("negative_prompt", text),
    "w": Rule("sample_width", integer(16, 16_384)),
    "h": Rule("sample_height", integer(16, 16_384)),
    "d": Rule("sample_seed", integer(0, 2**32 - 1)),
    "l": Rule("guidance", number(0, 100)),
    "s": Rule("sample_steps", integer(1, 1000)),
}


def take_sample_prompts(content: str, found: ImportedSettings) -> None:
    """Lines such as `a fundus --n blurred --w 512 --h 512 --d 1 --l 7 --s 28`; # begins a comment."""
    lines = [line.strip() for line in content.split("\n")]
    parts = [line.split(" --") for line in lines if line and not line.startswith("#")]
    found.take_prompts("sample prompts", [words[0].strip() for words in parts])
    options = {
        option.partition(" ")[0]: option.partition(" ")[2].strip()
        for words in parts[:1]
        for option in words[1:]
    }
    found.take(options, PROMPT_OPTIONS, "sample prompts: --")
    if len({tuple(words[1:]) for words in parts}) > 1:
        found.leave("sample prompts", "all prompts have the options of the first one")
