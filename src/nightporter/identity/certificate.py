"""Client certificates (mTLS): the names that one speaks for. TLS has verified it already; here only its names are read. No I/O."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID


def names(der: bytes) -> frozenset[str]:
    """The common name, if there is one and only one, and the subject alternative names of kind DNS, e-mail and URI.

    A certificate that cannot be read to its end, or has two common names, speaks for nobody by it: fail closed.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        return _common_name(certificate) | _alternative_names(certificate)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return frozenset()  # not one name is taken from what we do not understand: the client is refused


def speaks_for(der: bytes, name: str) -> bool:
    """Whether a certificate carries exactly this name. No wildcard, no folding of case: it is a name, not a pattern."""
    return name in names(der)


def _common_name(certificate: x509.Certificate) -> frozenset[str]:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return frozenset(str(attribute.value) for attribute in found) if len(found) == 1 else frozenset()


def _alternative_names(certificate: x509.Certificate) -> frozenset[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()  # none is allowed: the common name stands alone
    kinds = (x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier)
    return frozenset(name for kind in kinds for name in extension.value.get_values_for_type(kind))
