"""The command line's commands, one file each, loaded when they are called."""
