"""Checks an exported proof as a stranger would: only its own instructions, hashlib and cryptography. Nothing of ours."""

import hashlib
import json
import sys
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def check(proof: dict[str, Any]) -> list[str]:
    """What does not fit; empty for a good proof."""
    wrong = []
    key = load_pem_public_key(proof["public_key"]["pem"].encode())
    if sha(key.public_bytes(Encoding.Raw, PublicFormat.Raw))[:16] != proof["public_key"]["key_id"]:
        wrong.append("public key")
    for segment, anchor in zip(proof["chain"], proof["anchors"], strict=True):
        unsigned = {name: value for name, value in anchor.items() if name != "signature"}
        try:
            key.verify(bytes.fromhex(anchor["signature"]), canonical(unsigned))
        except InvalidSignature:
            wrong.append(f"signature at {anchor['seq']}")
        end = [{"prev_hash": anchor["head_hash"], "content": {"seq": anchor["seq"] + 1}}]
        for link, after in zip(segment, [*segment[1:], *end], strict=True):
            if sha(canonical(link["content"]) + link["prev_hash"].encode()) != link["row_hash"]:
                wrong.append(f"hash of {link['content']['seq']}")
            if (link["row_hash"], link["content"]["seq"] + 1) != (after["prev_hash"], after["content"]["seq"]):
                wrong.append(f"link after {link['content']['seq']}")
    own = [link["content"] for part in proof["chain"] for link in part if link["content"]["subject"] == proof["subject"]]
    return wrong + [complaint for record in own for complaint in about_person(proof, record)]


def about_person(proof: dict[str, Any], record: dict[str, Any]) -> list[str]:
    texts = {d["sha256"] for d in proof["documents"] if sha(d["body"].encode()) == d["sha256"]}
    wrong = [] if record["document_sha256"] in texts else [f"text of {record['seq']}"]
    for name, opened in proof["openings"].get(record["opening_id"], {}).items():
        if sha(bytes.fromhex(opened["salt"]) + canonical(opened["value"])) != record["commitments"][name]:
            wrong.append(f"{name} of {record['seq']}")
    return wrong


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit("; ".join(check(json.load(file))) or 0)
