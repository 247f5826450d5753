"""How secrets are written: hashes of passwords, tokens, keys, connection strings. See `shapes` for the rules. Pure."""

from __future__ import annotations

from .shapes import BEHIND, NOT_IN_WORD, assigned, listed

_B64 = "[A-Za-z0-9+/]"
_CRYPT = "[./A-Za-z0-9]"
_PHC = r"[A-Za-z0-9+/=,.$_-]{20,}+"
"""What follows the name in the Password Hashing Competition's string format: parameters, salt, hash."""
_VALUE = r"[A-Za-z0-9+/=._~-]{16,}+"

# -- passwords -------------------------------------------------------------------------------------------------------------------

_HASHES = "|".join(
    (
        rf"\$2[abxy]?\$\d\d\${_CRYPT}{{53}}",
        rf"(?:argon2)?\$argon2(?:id|i|d)\${_PHC}",
        rf"\$s?crypt\${_PHC}",
        rf"\$pbkdf2(?:-sha\d{{1,3}})?\${_PHC}",
        r"pbkdf2[_:](?:hmac[_:])?sha\d{1,3}[$:]\d{1,9}\$[A-Za-z0-9+/=.-]{1,64}\$[A-Za-z0-9+/=]{20,}+",
        r"scrypt:\d{1,9}:\d{1,9}:\d{1,9}\$[A-Za-z0-9+/=.-]{1,64}\$[0-9A-Fa-f]{32,}+",
        rf"bcrypt(?:_sha256)?\$\$2[abxy]\$\d\d\${_CRYPT}{{53}}",
        rf"SCRAM-SHA-(?:1|256|512)\$\d{{1,9}}:{_B64}{{8,100}}={{0,2}}\${_B64}{{20,100}}={{0,2}}:{_B64}{{20,100}}={{0,2}}",
        rf"\$(?:1|apr1)\${_CRYPT}{{1,8}}\${_CRYPT}{{22}}",
        rf"\$[56]\$(?:rounds=\d{{1,9}}\$)?{_CRYPT}{{1,16}}\${_CRYPT}{{43,86}}",
        r"\$(?:y|gy|7)\$[./A-Za-z0-9$]{20,}+",
        rf"\$[PH]\${_CRYPT}{{31}}(?!{_CRYPT})",
        r"(?<![0-9A-Za-z])md5[0-9a-f]{32}(?![0-9A-Za-z])",
        r"(?<![0-9A-Za-z*])\*[0-9A-F]{40}(?![0-9A-Za-z])",
        r"\{(?:SSHA|SHA|SMD5|MD5|CRYPT|SSHA256|SSHA512)\}[A-Za-z0-9+/=$.]{16,}+",
        rf"(?<![A-Za-z0-9+/])AQAAAA{_B64}{{60,}}+={{0,2}}",
    )
)
HASH = f"(?P<sure>{_HASHES})"
_PASSWORDS = "password|passwd|passwort|passphrase|pwd|contraseña|mot de passe|wachtwoord|lösenord"
PASSWORD_WITHIN = rf"{HASH}|{NOT_IN_WORD}(?i:(?:{_PASSWORDS}){BEHIND})(?P<guess>[^\s\"'`;,&<>()]{{6,}}+(?!\())"
PASSWORD_SIGNS = (
    *listed("$2a$|$2b$|$2y$|$2x$|$2$|$argon2|$scrypt$|$crypt$|pbkdf2|scrypt:|scram-sha-|$1$|$apr1$|$5$|$6$|$y$|$gy$|$7$|$p$|$h$"),
    *listed("md5|{ssha|{sha|{smd5|{crypt|aqaaaa"),
    *(f"*{digit}" for digit in "0123456789abcdef"),
    *assigned(_PASSWORDS),
)

# -- tokens ----------------------------------------------------------------------------------------------------------------------

_WORDY = "[A-Za-z0-9_-]"
_JWT = rf"eyJ{_WORDY}{{5,}}+\.{_WORDY}*+(?:\.{_WORDY}*+){{0,3}}"
_ISSUED_TOKENS = "|".join(
    (
        r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255}",
        r"gl(?:pat|cbt|dt|ptt|rt|soat)-[A-Za-z0-9_.-]{20,64}",
        r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{10,250}",
        r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}",
        r"do[op]_v1_[0-9a-f]{64}",
        r"hf_[A-Za-z0-9]{30,64}",
        r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}",
        r"ya29\.[A-Za-z0-9_-]{20,}+",
        r"EAA[A-Za-z0-9]{60,}+",
        r"lin_api_[A-Za-z0-9]{32,64}|secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,64}",
        r"ATATT3[A-Za-z0-9_=-]{50,300}",
        r"hv[sb]\.[A-Za-z0-9_-]{20,300}",
        r"\d{8,10}:AA[A-Za-z0-9_-]{33}",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{40,44}",
    )
)
TOKEN = rf"{_JWT}|(?P<sure>{_ISSUED_TOKENS})"
_OF_WHAT = "(?:api|access|auth|secret|private|client|session|refresh|id|csrf|sas|account|encryption|signing|shared|consumer)"
TOKEN_WITHIN = "|".join(
    (
        rf"(?<!{_WORDY})(?:{TOKEN})",
        rf"(?i:(?<![A-Za-z])(?:bearer|basic) )(?P<sure2>(?=\S{{0,60}}\d){_VALUE})",
        rf"{NOT_IN_WORD}(?i:(?:{_OF_WHAT}[ _-]?)?(?:token|jwt)|session[ _-]?id|sessid)(?i:{BEHIND})(?P<random>{_VALUE})",
    )
)
TOKEN_SIGNS = (
    *listed(
        "eyj|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|glcbt-|gldt-|glptt-|glrt-|glsoat-|xox|xapp-|npm_|pypi-|dop_v1_|doo_v1_"
    ),
    *listed("hf_|shpat_|shpca_|shppa_|shpss_|ya29.|eaa|lin_api_|secret_|ntn_|atatt3|hvs.|hvb.|:aa"),
    *listed("dp.pt.|dp.st.|dp.ct.|dp.sa.|dp.scim.|dp.audit.|bearer |basic "),
    *assigned("token|jwt|sessionid|session_id|session-id|session id|sessid"),
)

# -- keys ------------------------------------------------------------------------------------------------------------------------

_ISSUED_KEYS = "|".join(
    (
        r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}",
        r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}",
        r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,250}|whsec_[A-Za-z0-9+/=]{20,100}",
        r"sk-(?:proj|ant-(?:api|admin)\d\d|svcacct|or-v1|admin)-[A-Za-z0-9_-]{20,300}|sk-[A-Za-z0-9]{32,64}",
        r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
        r"key-[0-9a-f]{32}",
        r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
        r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}",
        r"rzp_(?:live|test)_[A-Za-z0-9]{14,32}",
        r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}|NRAK-[A-Z0-9]{27}",
        r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
        r"gsk_[A-Za-z0-9]{40,64}|pplx-[0-9a-f]{40,64}|r8_[A-Za-z0-9]{37,40}",
        r"LTAI[A-Za-z0-9]{12,20}|AKID[A-Za-z0-9]{32}",
    )
)
_PRIVATE = (
    # without an end it was cut: all that is left is part of it
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*+(?:-----END [A-Z0-9 ]{5,60}-----)?"
    r"|PuTTY-User-Key-File-\d: (?:[^M]|M(?!AC: ))*+(?:MAC: [0-9a-f]{1,128})?"
)
KEY = f"(?P<sure>{_PRIVATE}|{_ISSUED_KEYS})"
KEY_WITHIN = "|".join(
    (
        rf"(?P<sure>{_PRIVATE}|(?<!{_WORDY})(?:{_ISSUED_KEYS})(?![A-Za-z0-9]))",
        rf"{NOT_IN_WORD}(?i:(?:(?:{_OF_WHAT}[ _-]?){{1,3}}key|(?:client[ _-]?)?secret){BEHIND})(?P<random>{_VALUE})",
    )
)
KEY_SIGNS = (
    *listed(
        "akia|asia|abia|acca|aroa|aida|aiza|gocspx-|k_live_|k_test_|whsec_|sk-|sg.|key-|age-secret|sq0|rzp_|pmak-|nrak-|xkeysib-"
    ),
    *listed("gsk_|pplx-|r8_|ltai|akid|-----begin|putty-user-key"),
    *assigned("key|secret"),
)

# -- connection strings ----------------------------------------------------------------------------------------------------------

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{1,30}+(?::[A-Za-z][A-Za-z0-9+.-]{1,30}+)?"
CONNECTION = (
    rf"(?<![A-Za-z0-9+.-])(?:{_SCHEME}://[^\s:/@?#\"'<>`]{{0,256}}+:[^\s@/\"'<>`]{{1,512}}+@[^\s\"'<>`]{{1,}}+"
    r"|(?i:Server|Data Source|Host|Addr|Address|DefaultEndpointsProtocol|Endpoint|User ID|Uid|Username|dbname|user)"
    r" ?= ?[^;\s,]{1,256}+[; ]{1,2}(?:[^;=\s][^;=\n]{0,64}=[^;\n= ]{0,256}+[; ]{1,2}){0,12}?"
    r"(?i:Password|Pwd|AccountKey|SharedAccessKey) ?= ?[^;\s]{1,512}+(?:;[^;\s]{1,512}+){0,12})"
)
CONNECTION_SIGNS = listed(
    "@|%40|u0040|&#64|&#x40|accountkey=|sharedaccesskey=|password=|pwd=|password =|pwd =|accountkey =|sharedaccesskey ="
)
