"""A scorer of which one stage alone runs, named first: what one hop of Foreshot costs."""

import sys

import stream.bootstrap
from stream.cli import main

if __name__ == "__main__":
    stage, every = sys.argv.pop(1), stream.bootstrap.score_stages
    stream.bootstrap.score_stages = lambda parts: [one for one in every(parts) if one.name.startswith(stage)]
    main()
