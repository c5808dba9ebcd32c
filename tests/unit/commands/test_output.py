"""Tables show what comes from outside as it is written, and obey none of it."""

from stream.commands.output import print_table


def test_a_cell_is_no_markup_and_moves_no_cursor(capsys):
    print_table("T", ("a",), [("[/red]",), ("[bold]x",), ("a\x1b[2Jb",)])
    said = capsys.readouterr().out
    assert "[/red]" in said
    assert "[bold]x" in said
    assert "a\\x1b[2Jb" in said
