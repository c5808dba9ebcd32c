"""The keys that settings name: who signs weights, and whose signatures are taken."""

from pathlib import Path

from stream.errors import UsageError
from stream.scoring.signature import Signer, Trust
from stream.settings import Settings, split_paths


def signer_of(settings: Settings) -> Signer | None:
    """Return who signs, None where no private key is set.

    Raises:
        UsageError: The key cannot be read, is missing though signatures are asked for, or is not among the trusted.
    """
    trust = trust_of(settings)
    if not settings.signing_key_file:
        if trust:
            raise UsageError(
                "FORESHOT_TRUSTED_KEY_FILES asks for signatures and there is no key to sign with; set "
                "FORESHOT_SIGNING_KEY_FILE"
            )
        return None
    signer = Signer.read(Path(settings.signing_key_file))
    if not trust.knows(signer):
        raise UsageError(
            f"{settings.signing_key_file}: its public half is not in FORESHOT_TRUSTED_KEY_FILES, so that nobody "
            "would take what it signs; add it there"
        )
    return signer


def trust_of(settings: Settings) -> Trust:
    """Return whose signatures are taken; none are asked for where no public key is set.

    Raises:
        UsageError: A key cannot be read.
    """
    return Trust.read(split_paths(settings.trusted_key_files))
