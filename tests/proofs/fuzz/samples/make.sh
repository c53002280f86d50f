#!/bin/bash
# Makes the valid samples that the fuzzer starts from. They are kept in the
# tree, so that a seed means the same inputs everywhere; run this only to add
# kinds. The keys are nobody's: nothing but these tests trusts them.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/ca.cnf" <<'CNF'
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[site]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
nameConstraints = permitted;dirName:below,excluded;email:.example.net,permitted;DNS:example.org
certificatePolicies = 1.2.3.4
[below]
C = UK
O = Fuzz
[host]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:host.example.org,IP:127.0.0.1,email:root@example.org,URI:https://host.example.org/
crlDistributionPoints = URI:http://crl.example.org/site.crl
[ca]
default_ca = authority
[authority]
database = index.txt
default_md = sha256
crlnumber = crlnumber
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
issuingDistributionPoint = @point
[point]
fullname = URI:http://crl.example.org/site.crl
CNF

req() { # NAME SUBJECT SECTION KEY_ARGUMENTS... -- ISSUER_ARGUMENTS...
  local name=$1 subject=$2 section=$3
  shift 3
  openssl req -config "$work/ca.cnf" -utf8 -x509 -days 36500 -nodes \
    -subj "$subject" -extensions "$section" -out "$name.pem" "$@" 2>"$work/log"
}
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
req root /C=UK/CN=Root root "${ec[@]}" -keyout "$work/root.key"
req site "/C=UK/O=Fuzz/CN=Site CA" site "${ec[@]}" -keyout "$work/site.key" \
  -CA root.pem -CAkey "$work/root.key"
site=(-CA site.pem -CAkey "$work/site.key")
req host /C=UK/O=Fuzz/CN=host.example.org host -newkey rsa:2048 -keyout host.key "${site[@]}"
req ec "/C=UK/O=Fuzz/UID=ü+CN=ec.example.org" host "${ec[@]}" -keyout ec.key "${site[@]}"
req ed25519 /C=UK/O=Fuzz/CN=ed.example.org host -newkey ed25519 -keyout "$work/ed.key" "${site[@]}"

(
  cd "$work"
  samples=$OLDPWD
  : >index.txt
  echo 01 >crlnumber
  for serial in 01 7F 0123456789ABCDEF; do
    printf 'R\t491231235959Z\t250101000000Z,keyCompromise\t%s\tunknown\t/CN=gone\n' $serial
  done >>index.txt
  openssl ca -config ca.cnf -gencrl -crldays 36500 -keyfile site.key \
    -cert "$samples/site.pem" -out "$samples/site-crl.pem" 2>log
)

text=$'APEL-summary-job-message: v0.2\nSite: EXAMPLE\n%%\n'
sign() { # NAME CERTIFICATE KEY ARGUMENTS...
  local name=$1 certificate=$2 key=$3
  shift 3
  printf '%s' "$text" | openssl cms -sign -text -signer "$certificate.pem" \
    -inkey "$key" -certfile site.pem -out "$name.eml" "$@"
}
sign clear-rsa host host.key -md sha256
sign clear-ec ec ec.key -md sha384
sign clear-noattr host host.key -md sha256 -noattr
sign clear-pss host host.key -md sha256 -keyopt rsa_padding_mode:pss
sign opaque ec ec.key -nodetach -nosmimecap -md sha256
sign opaque-stream host host.key -nodetach -stream -md sha512 -keyid
encrypt() { # NAME RECIPIENT ARGUMENTS...
  local name=$1 recipient=$2
  shift 2
  openssl cms -encrypt -in clear-ec.eml -out "$name.eml" "$@" $recipient
}
encrypt sealed-aes128 host.pem -aes128
encrypt sealed-des3 host.pem -des3 -stream
encrypt sealed-gcm host.pem -aes-256-gcm -keyid
encrypt sealed-oaep "" -aes256 -recip host.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
encrypt sealed-ecdh ec.pem -aes192
chmod 644 -- *.key
