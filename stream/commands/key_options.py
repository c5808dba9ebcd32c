"""Options of commands that sign weights or ask for signatures; each overrides its setting."""

import click

signing_option = click.option("--signing-key-file", metavar="FILE", help="Private key that signs, PEM.")
trusted_option = click.option(
    "--trusted-key-files", metavar="FILE,...", help="Public keys, PEM; what none of them signed is refused."
)
