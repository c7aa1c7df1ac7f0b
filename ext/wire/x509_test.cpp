#include "wire/x509.hpp"

#include <doctest/doctest.h>

#include "wire/x509_builder_test.hpp"

using namespace isthmus;
using namespace isthmus::wire::testing;
using wire::Certificate;
using wire::KeyAlgorithm;

namespace {

Code read(const Plan& plan, Certificate& out) { return wire::parse_certificate(plan.der(), out); }

Code code_of(const Plan& plan) {
  Certificate out;
  return read(plan, out);
}

template <class Change>
Code changed(Change change) {
  Plan plan;
  change(plan);
  return code_of(plan);
}

}  // namespace

TEST_CASE("X.509: what a certificate says is found where it lies") {
  Plan plan;
  plan.subject = sequence({attribute(10, "org"), attribute(11, "peer"), attribute(11, "x", 0x13), attribute(3, "p0")});
  plan.extensions = join({extension(15, {0x03, 0x02, 0x02, 0x84}, true), kCa, key_id(9), authority_key_id(8),
                          extension(17, sequence({tlv(0x82, bytes_of("a.b"))}))});
  Certificate out;
  REQUIRE(read(plan, out) == Code::ok);
  const Buffer der = plan.der();
  CHECK(out.version == 3);
  CHECK(out.tbs.off == 4);
  CHECK(der[out.tbs.off] == 0x30);
  CHECK(out.serial.of(der)[0] == 7);
  CHECK(Buffer(out.issuer.of(der).begin(), out.issuer.of(der).end()) == name("ca"));
  CHECK(out.organizations == std::vector<std::string>{"org"});
  CHECK(out.organizational_units == std::vector<std::string>{"peer", "x"});
  CHECK(out.common_name == "p0");
  CHECK(out.not_before == 1704067200);
  CHECK(out.not_after == 2019686400);
  CHECK(out.key.algorithm == KeyAlgorithm::p256);
  CHECK(out.key.key.len == 65);
  CHECK(out.signature_algorithm == wire::SignatureAlgorithm::ecdsa_sha256);
  CHECK(out.signature.len == kSignature.size());
  CHECK(out.key_usage == (1u | wire::kKeyUsageCertSign));
  CHECK(out.has_basic_constraints);
  CHECK(out.is_ca);
  CHECK(out.path_len == -1);
  CHECK(out.subject_key_id.of(der)[0] == 9);
  CHECK(out.authority_key_id.of(der)[0] == 8);
  CHECK_FALSE(out.subject_alt_name.empty());
  CHECK_FALSE(out.has_unknown_critical);
}

TEST_CASE("X.509: keys of every form") {
  Plan plan;
  Certificate out;
  for (const Buffer& key : {ec_key(1, kEcPublicKey, kSm2), ec_key(1, kSm2, kSm2), ec_key(1, kSm2, {})}) {
    plan.key = key;
    REQUIRE(read(plan, out) == Code::ok);
    CHECK(out.key.algorithm == KeyAlgorithm::sm2);
  }
  plan.key = sequence({sequence({{0x06, 0x03, 0x2b, 0x65, 0x70}}), tlv(0x03, Buffer(33, 0))});
  REQUIRE(read(plan, out) == Code::ok);
  CHECK(out.key.algorithm == KeyAlgorithm::ed25519);
  plan.key = sequence({sequence({{0x06, 0x03, 0x2a, 0x03, 0x04}}), tlv(0x03, {0x00, 0x01})});
  REQUIRE(read(plan, out) == Code::ok);
  CHECK(out.key.algorithm == KeyAlgorithm::other);
  wire::PublicKey key;
  CHECK(wire::parse_public_key(ec_key(3), key) == Code::ok);
  CHECK(wire::parse_public_key(join({ec_key(3), {0x00}}), key) == Code::certificate_key);
  CHECK(wire::parse_public_key({}, key) == Code::certificate_key);
}

TEST_CASE("X.509: what is refused, and as what") {
  CHECK(code_of({}) == Code::ok);
  CHECK(changed([](Plan& p) { p.tail = {0x05, 0x00}; }) == Code::certificate_encoding);
  CHECK(changed([](Plan& p) { p.version = {0xa0, 0x03, 0x02, 0x01, 0x03}; }) == Code::certificate_version);
  CHECK(changed([](Plan& p) { p.serial = {0x02, 0x01, 0xff}; }) == Code::certificate_serial);
  CHECK(changed([](Plan& p) { p.serial = tlv(0x02, Buffer(21, 1)); }) == Code::certificate_serial);
  CHECK(changed([](Plan& p) { p.serial = tlv(0x02, join({{0x00}, Buffer(20, 0x80)})); }) == Code::ok);
  CHECK(changed([](Plan& p) { p.outer = sequence({kP256}); }) == Code::certificate_algorithm_differs);
  CHECK(changed([](Plan& p) { p.subject = sequence({attribute(3, "\xff")}); }) == Code::certificate_name);
  CHECK(changed([](Plan& p) { p.issuer = sequence({attribute(3, "_", 0x13)}); }) == Code::certificate_name);
  CHECK(changed([](Plan& p) { p.validity = sequence({tlv(0x17, bytes_of("x"))}); }) == Code::certificate_time);
  CHECK(changed([](Plan& p) { p.key = ec_key(1, kEcPublicKey, sequence({{0x02, 0x01, 0x01}})); }) ==
        Code::certificate_explicit_curve);
  CHECK(changed([](Plan& p) { p.key = sequence({sequence({kEcPublicKey, kP256}), tlv(0x03, point(1, 6))}); }) ==
        Code::certificate_key);
  CHECK(changed([](Plan& p) { p.extensions = join({kCa, kCa}); }) == Code::certificate_extension_repeated);
  CHECK(changed([](Plan& p) { p.extensions = extension(19, {0x30}); }) == Code::certificate_extension);
  CHECK(changed([](Plan& p) { p.extensions = extension(14, tlv(0x04, {1}), true); }) == Code::certificate_extension);
  CHECK(changed([](Plan& p) {
          p.version = {};
          p.extensions = kCa;  // version 1 has none
        }) == Code::certificate_encoding);
  Plan plan;
  plan.extensions = extension(36, sequence({}), true);
  Certificate out;
  REQUIRE(read(plan, out) == Code::ok);
  CHECK(out.has_unknown_critical);
}

TEST_CASE("X.509: every prefix and every byte of a certificate gives an answer") {
  Plan plan;
  plan.extensions = join({kCa, key_id(1), authority_key_id(2)});
  Buffer der = plan.der();
  Certificate out;
  for (usize length = 0; length < der.size(); ++length) {
    CHECK(wire::parse_certificate(Bytes(der).first(length), out) == Code::certificate_encoding);
  }
  for (u8& byte : der) {
    const u8 before = byte;
    for (u32 value = 0; value < 256; ++value) {
      byte = static_cast<u8>(value);
      if (wire::parse_certificate(der, out) == Code::ok) CHECK(out.tbs.len + out.tbs.off <= der.size());
    }
    byte = before;
  }
}

TEST_CASE("X.509: revocation lists") {
  const auto list = [](const Buffer& version, const Buffer& entries, const Buffer& extensions) {
    const Buffer tbs =
        sequence({version, kEcdsaSha256, name("ca"), tlv(0x17, bytes_of("240101000000Z")), entries, extensions});
    return sequence({tbs, kEcdsaSha256, tlv(0x03, join({{0x00}, kSignature}))});
  };
  const auto entry = [](const Buffer& serial) {
    return sequence({tlv(0x02, serial), tlv(0x17, bytes_of("240101000000Z"))});
  };
  const Buffer version2 = {0x02, 0x01, 0x01};
  const Buffer entries = tlv(0x30, join({entry({0x07}), entry({0x01, 0x02}), entry({0x00, 0x80}), entry({0x00})}));
  const Buffer good = list(version2, entries, tlv(0xa0, sequence({authority_key_id(8)})));
  wire::RevocationList out;
  REQUIRE(wire::parse_revocation_list(good, out) == Code::ok);
  CHECK(out.serials.size() == 4);
  for (const Buffer& serial : {Buffer{0x07}, Buffer{0x01, 0x02}, Buffer{0x80}, Buffer{}})
    CHECK(out.names(good, serial));
  for (const Buffer& serial : {Buffer{0x08}, Buffer{0x01}, Buffer{0x00, 0x80}}) CHECK_FALSE(out.names(good, serial));
  CHECK(out.authority_key_id.of(good)[0] == 8);
  const Buffer first = list({}, {}, {});
  REQUIRE(wire::parse_revocation_list(first, out) == Code::ok);
  CHECK_FALSE(out.has_authority_key_id);
  CHECK_FALSE(out.names(first, Buffer{0x07}));
  for (usize length = 0; length < good.size(); ++length) {
    CHECK(wire::parse_revocation_list(Bytes(good).first(length), out) == Code::revocation_list_encoding);
  }
  CHECK(wire::parse_revocation_list(list({0x02, 0x01, 0x02}, {}, {}), out) == Code::revocation_list_encoding);
  CHECK(wire::parse_revocation_list(join({good, {0x00}}), out) == Code::revocation_list_encoding);
}
