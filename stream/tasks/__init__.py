"""Tasks files: which lines a few-shot evaluation learns from and is judged on."""
