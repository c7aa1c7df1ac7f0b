#include "wire/x509.hpp"

#include <algorithm>
#include <string_view>

#include "wire/der_reader.hpp"

namespace isthmus::wire {
namespace {

#include "wire/x509_oids.inc"

constexpr usize kSerialMax = 20;  // RFC 5280, 4.1.2.2
constexpr usize kExtensionsMax = 64;
constexpr usize kNamesMax = 64;  // attributes of one name

bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// What one parse works on.
struct Source {
  Bytes whole;

  Part part(Bytes inner) const {
    if (inner.empty()) return {};
    return {static_cast<u32>(inner.data() - whole.data()), static_cast<u32>(inner.size())};
  }
};

// ---- algorithms ----

struct AlgorithmIdentifier {
  Bytes oid;
  Bytes parameters;  // the whole element; empty if absent
};

bool take_algorithm(DerReader& reader, AlgorithmIdentifier& out, Bytes& body) {
  body = reader.take(der::kSequence);
  DerReader inside(body);
  out.oid = inside.oid();
  out.parameters = inside.empty() ? Bytes{} : inside.any().whole;
  return !reader.failed() && inside.finished();
}

// Parameters of ECDSA and of SM2 are not looked at by either network, beyond that they are one element.
SignatureAlgorithm signature_algorithm_of(const AlgorithmIdentifier& id) {
  struct Known {
    Bytes oid;
    SignatureAlgorithm algorithm;
  };
  const Known known[] = {
      {kOidEcdsaSha1, SignatureAlgorithm::ecdsa_sha1},     {kOidEcdsaSha256, SignatureAlgorithm::ecdsa_sha256},
      {kOidEcdsaSha384, SignatureAlgorithm::ecdsa_sha384}, {kOidEcdsaSha512, SignatureAlgorithm::ecdsa_sha512},
      {kOidSm2Sm3, SignatureAlgorithm::sm2_sm3},           {kOidSm2Sha256, SignatureAlgorithm::sm2_sha256},
      {kOidEd25519, SignatureAlgorithm::ed25519},
  };
  for (const Known& each : known) {
    if (!equal(each.oid, id.oid)) continue;
    // RFC 8410, section 3: no parameters for Ed25519; Go takes one with parameters for unknown.
    if (each.algorithm == SignatureAlgorithm::ed25519 && !id.parameters.empty()) return SignatureAlgorithm::other;
    return each.algorithm;
  }
  return SignatureAlgorithm::other;
}

// ---- keys ----

KeyAlgorithm curve_of(Bytes oid) {
  if (equal(oid, kOidP256)) return KeyAlgorithm::p256;
  if (equal(oid, kOidP384)) return KeyAlgorithm::p384;
  if (equal(oid, kOidSm2)) return KeyAlgorithm::sm2;
  return KeyAlgorithm::other;
}

Code ec_algorithm(const AlgorithmIdentifier& id, KeyAlgorithm& out) {
  DerReader parameters(id.parameters);
  if (parameters.next_is(der::kSequence)) return Code::certificate_explicit_curve;
  out = curve_of(parameters.oid());
  return parameters.finished() ? Code::ok : Code::certificate_key;
}

// The curve's own OID, or the one of its signature scheme, in the place of id-ecPublicKey's.
bool is_sm2_algorithm(Bytes oid) { return equal(oid, kOidSm2) || equal(oid, kOidSm2Sign); }

Code sm2_algorithm(const AlgorithmIdentifier& id, KeyAlgorithm& out) {
  out = KeyAlgorithm::sm2;
  if (id.parameters.empty()) return Code::ok;
  DerReader parameters(id.parameters);
  if (parameters.next_is(der::kSequence)) return Code::certificate_explicit_curve;
  return equal(parameters.oid(), kOidSm2) && parameters.finished() ? Code::ok : Code::certificate_key;
}

Code key_algorithm_of(const AlgorithmIdentifier& id, KeyAlgorithm& out) {
  out = KeyAlgorithm::other;
  if (equal(id.oid, kOidEcPublicKey)) return ec_algorithm(id, out);
  if (is_sm2_algorithm(id.oid)) return sm2_algorithm(id, out);
  if (!equal(id.oid, kOidEd25519)) return Code::ok;
  out = KeyAlgorithm::ed25519;
  return id.parameters.empty() ? Code::ok : Code::certificate_key;
}

bool is_key_form(KeyAlgorithm algorithm, Bytes key) {
  switch (algorithm) {
    case KeyAlgorithm::other:
      return true;
    case KeyAlgorithm::ed25519:
      return key.size() == 32;
    case KeyAlgorithm::p256:
    case KeyAlgorithm::sm2:
      return key.size() == 65 && key[0] == 4;
    case KeyAlgorithm::p384:
      return key.size() == 97 && key[0] == 4;
  }
  return false;
}

Code read_public_key(DerReader& reader, const Source& source, PublicKey& out) {
  const DerElement whole = reader.element(der::kSequence);
  DerReader inside(whole.body);
  AlgorithmIdentifier id;
  Bytes body;
  const bool well_formed = take_algorithm(inside, id, body);
  usize count = 0;
  const Bytes key = inside.bits(count);
  if (!well_formed || !inside.finished()) return Code::certificate_key;
  const Code code = key_algorithm_of(id, out.algorithm);
  if (code != Code::ok) return code;
  if (out.algorithm != KeyAlgorithm::other && count % 8 != 0) return Code::certificate_key;
  if (!is_key_form(out.algorithm, key)) return Code::certificate_key;
  out.whole = source.part(whole.whole);
  out.key = source.part(key);
  return Code::ok;
}

// ---- names ----

void append_utf8(std::string& out, u32 point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (point & 0x3f));
  }
}

// The number of bytes of the character at the front, 0 if there is none (RFC 3629: no overlong form, no surrogate).
usize utf8_length(Bytes text) {
  const u8 first = text[0];
  if (first < 0x80) return 1;
  const usize length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (usize i = 1; i < length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  const u8 second = text[1];
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return length;
}

bool is_utf8(Bytes text) {
  while (!text.empty()) {
    const usize length = utf8_length(text);
    if (length == 0) return false;
    text = text.subspan(length);
  }
  return true;
}

// UCS-2 without surrogates and without the code points that are no characters; a terminating zero is left out.
bool read_bmp(Bytes text, std::string& out) {
  if (text.size() % 2 != 0) return false;
  if (text.size() >= 2 && text[text.size() - 1] == 0 && text[text.size() - 2] == 0) text = text.first(text.size() - 2);
  for (usize i = 0; i < text.size(); i += 2) {
    const u32 point = u32{text[i]} << 8 | text[i + 1];
    const bool none = point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) || (point >= 0xd800 && point <= 0xdfff);
    if (none) return false;
    append_utf8(out, point);
  }
  return true;
}

// ITU-T X.680's set, and * and &, which stand in certificates that are in use.
bool is_printable(u8 c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  constexpr std::string_view kOthers = "'()+,-./ :=?*&";
  return alphanumeric || kOthers.find(static_cast<char>(c)) != std::string_view::npos;
}

bool is_numeric(u8 c) { return (c >= '0' && c <= '9') || c == ' '; }
bool is_ascii(u8 c) { return c < 0x80; }

// The text of a string type in UTF-8; false iff it is ill formed. `is_text` is false for other types, which are passed
// over.
bool read_text(const DerElement& value, std::string& out, bool& is_text) {
  const Bytes text = value.body;
  is_text = true;
  out.clear();
  switch (value.tag) {
    case der::kBmpString:
      return read_bmp(text, out);
    case der::kT61String:  // read as Latin-1, as everybody does
      for (const u8 c : text) append_utf8(out, c);
      return true;
    case der::kUtf8String:
      if (!is_utf8(text)) return false;
      break;
    case der::kPrintableString:
      if (!std::all_of(text.begin(), text.end(), is_printable)) return false;
      break;
    case der::kNumericString:
      if (!std::all_of(text.begin(), text.end(), is_numeric)) return false;
      break;
    case der::kIa5String:
      if (!std::all_of(text.begin(), text.end(), is_ascii)) return false;
      break;
    default:
      is_text = false;
  }
  out.assign(text.begin(), text.end());
  return true;
}

void keep_attribute(Certificate& out, Bytes oid, std::string text) {
  if (equal(oid, kOidOrganization)) return out.organizations.push_back(std::move(text));
  if (equal(oid, kOidOrganizationalUnit)) return out.organizational_units.push_back(std::move(text));
  if (equal(oid, kOidCommonName)) out.common_name = std::move(text);
}

// Walks a Name; `out` is null for an issuer, of which only the form counts.
bool read_name(Bytes body, Certificate* out) {
  DerReader name(body);
  usize count = 0;
  std::string text;
  while (!name.empty()) {
    DerReader set = name.inside(der::kSet);
    while (!set.empty()) {
      DerReader attribute = set.inside(der::kSequence);
      const Bytes oid = attribute.oid();
      const DerElement value = attribute.any();
      if (!attribute.finished() || ++count > kNamesMax) return false;
      bool is_text = false;
      if (!read_text(value, text, is_text)) return false;
      if (out != nullptr && is_text) keep_attribute(*out, oid, text);
    }
    if (set.failed()) return false;
  }
  return name.finished();
}

// ---- extensions ----

struct Extension {
  Bytes oid;
  bool critical = false;
  Bytes value;
};

Code key_usage_of(Bytes value, Certificate& out) {
  DerReader reader(value);
  usize count = 0;
  const Bytes bits = reader.bits(count);
  if (!reader.finished()) return Code::certificate_extension;
  for (usize i = 0; i < std::min<usize>(count, 9); ++i) {
    if ((bits[i / 8] >> (7 - i % 8) & 1) != 0) out.key_usage = static_cast<u16>(out.key_usage | 1u << i);
  }
  return Code::ok;
}

Code basic_constraints_of(Bytes value, Certificate& out) {
  DerReader outer(value);
  DerReader reader = outer.inside(der::kSequence);
  if (reader.next_is(der::kBoolean)) out.is_ca = reader.boolean();
  if (reader.next_is(der::kInteger)) out.path_len = reader.small_integer();
  out.has_basic_constraints = true;
  return outer.finished() && reader.finished() ? Code::ok : Code::certificate_extension;
}

Code extended_usage_of(Bytes value, Certificate& out) {
  DerReader outer(value);
  DerReader reader = outer.inside(der::kSequence);
  while (!reader.empty()) {
    const Bytes oid = reader.oid();
    if (reader.failed()) break;
    u8 bit = kUsageOther;
    if (equal(oid, kOidUsageAny)) bit = kUsageAny;
    if (equal(oid, kOidUsageServer)) bit = kUsageServer;
    if (equal(oid, kOidUsageClient)) bit = kUsageClient;
    out.extended_usage |= bit;
  }
  return outer.finished() && reader.finished() ? Code::ok : Code::certificate_extension;
}

Code subject_key_id_of(const Extension& extension, const Source& source, Certificate& out) {
  DerReader reader(extension.value);
  out.subject_key_id = source.part(reader.take(der::kOctetString));
  out.has_subject_key_id = true;
  return reader.finished() && !extension.critical ? Code::ok : Code::certificate_extension;
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL, authorityCertIssuer [1] OPTIONAL,
// authorityCertSerialNumber [2] OPTIONAL } (RFC 5280, 4.2.1.1).
bool read_authority_key_id(Bytes value, Bytes& out) {
  DerReader outer(value);
  DerReader reader = outer.inside(der::kSequence);
  bool found = false;
  out = reader.take_optional(der::context(0), found);
  reader.take_optional(der::constructed(1), found);
  reader.take_optional(der::context(2), found);
  return outer.finished() && reader.finished();
}

Code authority_key_id_of(const Extension& extension, const Source& source, Certificate& out) {
  Bytes id;
  if (!read_authority_key_id(extension.value, id) || extension.critical) return Code::certificate_extension;
  out.authority_key_id = source.part(id);
  return Code::ok;
}

// Names that Go handles: e-mail [1], DNS [2], URI [6], address [7]. With none of them a critical extension counts as
// unknown.
Code subject_alt_name_of(const Extension& extension, const Source& source, Certificate& out) {
  DerReader outer(extension.value);
  DerReader reader = outer.inside(der::kSequence);
  bool handled = false;
  while (!reader.empty()) {
    const DerElement name = reader.any();
    if (reader.failed()) break;
    const u8 number = name.tag ^ der::context(0);
    const bool is_address = number == 7;
    if (is_address && name.body.size() != 4 && name.body.size() != 16) return Code::certificate_extension;
    const bool is_text = number == 1 || number == 2 || number == 6;
    if (is_text && !std::all_of(name.body.begin(), name.body.end(), is_ascii)) return Code::certificate_extension;
    handled |= is_address || is_text;
  }
  out.subject_alt_name = source.part(extension.value);
  out.has_unknown_critical |= extension.critical && !handled;
  return outer.finished() && reader.finished() ? Code::ok : Code::certificate_extension;
}

// CRL distribution points, policies and access information bind nobody here; their outer form is checked.
Code sequence_only(const Extension& extension) {
  DerReader reader(extension.value);
  reader.take(der::kSequence);
  return reader.finished() ? Code::ok : Code::certificate_extension;
}

Code read_extension_value(const Extension& extension, const Source& source, Certificate& out) {
  const Bytes oid = extension.oid;
  if (equal(oid, kOidKeyUsage)) return key_usage_of(extension.value, out);
  if (equal(oid, kOidBasicConstraints)) return basic_constraints_of(extension.value, out);
  if (equal(oid, kOidExtendedUsage)) return extended_usage_of(extension.value, out);
  if (equal(oid, kOidSubjectKeyId)) return subject_key_id_of(extension, source, out);
  if (equal(oid, kOidAuthorityKeyId)) return authority_key_id_of(extension, source, out);
  if (equal(oid, kOidSubjectAltName)) return subject_alt_name_of(extension, source, out);
  if (equal(oid, kOidNameConstraints)) {
    out.has_name_constraints = true;
    return sequence_only(extension);
  }
  if (equal(oid, kOidAuthorityInfoAccess)) {
    return extension.critical ? Code::certificate_extension : sequence_only(extension);
  }
  if (equal(oid, kOidCrlDistributionPoints) || equal(oid, kOidCertificatePolicies)) return sequence_only(extension);
  out.has_unknown_critical |= extension.critical;
  return Code::ok;
}

bool take_extension(DerReader& list, Extension& out) {
  DerReader reader = list.inside(der::kSequence);
  out.oid = reader.oid();
  out.critical = reader.next_is(der::kBoolean) && reader.boolean();
  out.value = reader.take(der::kOctetString);
  return reader.finished();
}

Code read_extensions(Bytes body, const Source& source, Certificate& out) {
  DerReader outer(body);
  DerReader list = outer.inside(der::kSequence);
  Bytes seen[kExtensionsMax];
  usize count = 0;
  while (!list.empty()) {
    Extension extension;
    if (!take_extension(list, extension)) return Code::certificate_extension;
    if (count == kExtensionsMax) return Code::certificate_extension;
    if (std::any_of(seen, seen + count, [&](Bytes oid) { return equal(oid, extension.oid); })) {
      return Code::certificate_extension_repeated;
    }
    seen[count++] = extension.oid;
    const Code code = read_extension_value(extension, source, out);
    if (code != Code::ok) return code;
  }
  return outer.finished() && list.finished() ? Code::ok : Code::certificate_extension;
}

// ---- certificates ----

// Without the zero that keeps a number positive, and nothing for zero.
bool take_serial(DerReader& reader, const Source& source, Part& out) {
  Bytes digits = reader.integer();
  if (reader.failed() || digits[0] >= 0x80) return false;
  if (digits[0] == 0) digits = digits.subspan(1);
  if (digits.size() > kSerialMax) return false;
  out = source.part(digits);
  return true;
}

// Version, serial number and the inner algorithm.
Code read_head(DerReader& tbs, Bytes outer_algorithm, const Source& source, Certificate& out) {
  if (tbs.next_is(der::constructed(0))) {
    DerReader version = tbs.inside(der::constructed(0));
    const i64 number = version.small_integer();
    if (!version.finished() || number > 2) return Code::certificate_version;
    out.version = static_cast<u8>(number + 1);
  }
  if (!take_serial(tbs, source, out.serial)) return Code::certificate_serial;
  AlgorithmIdentifier id;
  Bytes inner;
  if (!take_algorithm(tbs, id, inner)) return Code::certificate_encoding;
  if (!equal(inner, outer_algorithm)) return Code::certificate_algorithm_differs;
  return Code::ok;
}

Code read_names_and_times(DerReader& tbs, const Source& source, Certificate& out) {
  const DerElement issuer = tbs.element(der::kSequence);
  DerReader validity = tbs.inside(der::kSequence);
  const DerElement subject = tbs.element(der::kSequence);
  if (tbs.failed()) return Code::certificate_encoding;
  out.not_before = validity.time();
  out.not_after = validity.time();
  if (!validity.finished()) return Code::certificate_time;
  if (!read_name(issuer.body, nullptr) || !read_name(subject.body, &out)) return Code::certificate_name;
  out.issuer = source.part(issuer.whole);
  out.subject = source.part(subject.whole);
  return Code::ok;
}

// What follows the key: two identifiers that nobody uses (version 2 and 3), extensions (version 3).
Code read_tail(DerReader& tbs, const Source& source, Certificate& out) {
  bool found = false;
  if (out.version > 1) {
    tbs.take_optional(der::context(1), found);
    tbs.take_optional(der::context(2), found);
  }
  if (out.version == 3) {
    const Bytes extensions = tbs.take_optional(der::constructed(3), found);
    if (tbs.failed()) return Code::certificate_encoding;
    if (found) {
      const Code code = read_extensions(extensions, source, out);
      if (code != Code::ok) return code;
    }
  }
  return tbs.finished() ? Code::ok : Code::certificate_encoding;
}

// The three parts that certificates and revocation lists share: what is signed, how, and the signature.
struct Signed {
  DerElement tbs;
  Bytes algorithm;
  AlgorithmIdentifier id;
  Bytes signature;
  Bytes signature_field;
};

bool take_signed(Bytes der, Signed& out) {
  DerReader outer(der);
  DerReader reader = outer.inside(der::kSequence);
  out.tbs = reader.element(der::kSequence);
  if (!take_algorithm(reader, out.id, out.algorithm)) return false;
  DerReader field = reader;
  out.signature = reader.whole_bits();
  out.signature_field = field.any().whole;
  return outer.finished() && reader.finished();
}

}  // namespace

Code parse_certificate(Bytes der, Certificate& out) {
  out = {};
  Signed parts;
  if (der.size() > kX509Max || !take_signed(der, parts)) return Code::certificate_encoding;
  const Source source{der};
  out.tbs = source.part(parts.tbs.whole);
  out.algorithm = source.part(parts.algorithm);
  out.signature = source.part(parts.signature);
  out.signature_field = source.part(parts.signature_field);
  out.signature_algorithm = signature_algorithm_of(parts.id);
  DerReader tbs(parts.tbs.body);
  Code code = read_head(tbs, parts.algorithm, source, out);
  if (code == Code::ok) code = read_names_and_times(tbs, source, out);
  if (code == Code::ok) code = read_public_key(tbs, source, out.key);
  return code == Code::ok ? read_tail(tbs, source, out) : code;
}

Code parse_public_key(Bytes der, PublicKey& out) {
  out = {};
  if (der.size() > kX509Max) return Code::certificate_key;
  DerReader reader(der);
  const Code code = read_public_key(reader, Source{der}, out);
  if (code != Code::ok) return code;
  return reader.finished() ? Code::ok : Code::certificate_key;
}

// ---- revocation lists ----

namespace {

struct BySerial {
  Bytes whole;
  bool less(Bytes a, Bytes b) const {
    if (a.size() != b.size()) return a.size() < b.size();
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
  bool operator()(Part a, Part b) const { return less(a.of(whole), b.of(whole)); }
  bool operator()(Part a, Bytes b) const { return less(a.of(whole), b); }
};

// RevokedCertificate ::= SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }. Extensions of an
// entry (reasons, dates) change nothing: both networks revoke at once and for every reason.
bool take_revoked(DerReader& list, const Source& source, Part& serial) {
  DerReader entry = list.inside(der::kSequence);
  Bytes digits = entry.integer();
  entry.time();
  if (entry.failed()) return false;
  if (digits.size() > 1 && digits[0] == 0) digits = digits.subspan(1);
  if (digits.size() == 1 && digits[0] == 0) digits = {};
  serial = source.part(digits);
  if (entry.empty()) return true;
  DerReader extensions = entry.inside(der::kSequence);
  while (!extensions.empty()) {
    Extension extension;
    if (!take_extension(extensions, extension)) return false;
  }
  return extensions.finished() && entry.finished();
}

bool read_crl_extensions(DerReader& tbs, const Source& source, RevocationList& out) {
  DerReader outer = tbs.inside(der::constructed(0));
  DerReader list = outer.inside(der::kSequence);
  while (!list.empty()) {
    Extension extension;
    if (!take_extension(list, extension)) return false;
    if (!equal(extension.oid, kOidAuthorityKeyId)) continue;
    Bytes id;
    if (out.has_authority_key_id || !read_authority_key_id(extension.value, id)) return false;
    out.authority_key_id = source.part(id);
    out.has_authority_key_id = true;
  }
  return outer.finished() && list.finished();
}

bool read_crl_body(DerReader& tbs, const Source& source, RevocationList& out) {
  const DerElement issuer = tbs.element(der::kSequence);
  if (tbs.failed() || !read_name(issuer.body, nullptr)) return false;
  out.issuer = source.part(issuer.whole);
  out.this_update = tbs.time();
  out.has_next_update = tbs.next_is(der::kUtcTime) || tbs.next_is(der::kGeneralizedTime);
  if (out.has_next_update) out.next_update = tbs.time();
  if (tbs.next_is(der::kSequence)) {
    DerReader list = tbs.inside(der::kSequence);
    while (!list.empty()) {
      Part serial;
      if (!take_revoked(list, source, serial)) return false;
      out.serials.push_back(serial);
    }
    if (list.failed()) return false;
  }
  if (tbs.next_is(der::constructed(0)) && !read_crl_extensions(tbs, source, out)) return false;
  return tbs.finished();
}

}  // namespace

Code parse_revocation_list(Bytes der, RevocationList& out) {
  out = {};
  Signed parts;
  if (der.size() > kX509Max || !take_signed(der, parts)) return Code::revocation_list_encoding;
  const Source source{der};
  DerReader tbs(parts.tbs.body);
  if (tbs.next_is(der::kInteger) && tbs.small_integer() != 1) return Code::revocation_list_encoding;
  AlgorithmIdentifier id;
  Bytes inner;
  if (!take_algorithm(tbs, id, inner) || !equal(inner, parts.algorithm)) return Code::revocation_list_encoding;
  if (!read_crl_body(tbs, source, out)) return Code::revocation_list_encoding;
  out.tbs = source.part(parts.tbs.whole);
  out.signature = source.part(parts.signature);
  out.signature_algorithm = signature_algorithm_of(parts.id);
  std::sort(out.serials.begin(), out.serials.end(), BySerial{der});
  return Code::ok;
}

bool RevocationList::names(Bytes der, Bytes serial) const {
  const BySerial order{der};
  const auto at = std::lower_bound(serials.begin(), serials.end(), serial, order);
  return at != serials.end() && equal(at->of(der), serial);
}

}  // namespace isthmus::wire
