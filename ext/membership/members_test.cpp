// What Members states: which claims, how often, at which nodes. Whether signatures verify is for tests/chains.
#include "membership/members.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "wire/x509_builder_test.hpp"

using namespace isthmus;
using namespace isthmus::wire::testing;
using claim::kRoot;
using claim::Ref;
using claim::Sheet;
using membership::Identity;
using membership::Instant;
using membership::Members;
using membership::Organisation;

namespace {

Plan authority(std::string_view subject, std::string_view issuer, u8 key) {
  Plan plan;
  plan.subject = name(subject);
  plan.issuer = name(issuer);
  plan.key = ec_key(key);
  plan.extensions = join({kCa, key_id(key), authority_key_id(key)});
  return plan;
}

Plan leaf(std::string_view issuer, std::string_view unit = "peer") {
  Plan plan;
  plan.issuer = name(issuer);
  plan.subject = sequence({attribute(10, "org"), attribute(11, unit)});
  return plan;
}

// One organisation "org" of the given authorities, roots first, under rules that take DER.
struct Network {
  Sheet sheet{{}, {}, Limits{}};
  membership::Rules rules;
  Members members;
  Organisation organisation;

  explicit Network(const membership::Rules& from) : rules(from), members(sheet, der_too(from)) {
    organisation.name = sheet.text(bytes_of("org"));
  }

  static membership::Rules der_too(membership::Rules rules) {
    rules.pem_only = false;
    return rules;
  }

  u32 add(std::initializer_list<Plan> roots, std::initializer_list<Plan> intermediates = {}) {
    for (const Plan& plan : roots) organisation.roots.push_back(sheet.text(plan.der()));
    for (const Plan& plan : intermediates) organisation.intermediates.push_back(sheet.text(plan.der()));
    return members.add(organisation);
  }

  const Identity& identify(const Plan& plan) { return members.identify(0, sheet.text(plan.der())); }
};

}  // namespace

TEST_CASE("members: a chain is stated once, however often the identity is looked up and attached") {
  Network net(membership::fabric_rules(membership::Fabric::v3_0));
  REQUIRE(net.add({authority("ca", "ca", 1)}, {authority("middle", "ca", 2)}) == 0);
  REQUIRE(net.members.problem(0) == Code::ok);
  const Identity& first = net.identify(leaf("middle"));
  CHECK(first.good());
  const usize rows = net.sheet.signature_rows().size();
  CHECK(rows == 2);  // the leaf's and the intermediate's
  CHECK(&net.identify(leaf("middle")) == &first);
  const Identity& second = net.identify(leaf("middle", "client"));
  CHECK(net.sheet.signature_rows().size() == rows + 1);
  CHECK(first.number != second.number);
  CHECK(first.key_number == second.key_number);
  const claim::NodeId node = net.members.attach(kRoot, 3, first);
  net.members.attach(kRoot, 4, first);
  CHECK(net.sheet.signature_rows().size() == rows + 1);
  CHECK(net.sheet.place(node) == "certificate 3");
  const auto bindings = net.sheet.bindings();
  CHECK(std::count_if(bindings.begin(), bindings.end(), [&](const auto& each) { return each.node == node; }) == 2);
  CHECK(std::all_of(net.sheet.signature_rows().begin(), net.sheet.signature_rows().end(),
                    [](const auto& row) { return (row.flags & kSigRemember) != 0; }));
}

TEST_CASE("members: what is wrong without cryptography is noted where the identity is attached") {
  Network net(membership::chainmaker_rules());
  net.add({authority("ca", "ca", 1)});
  const Identity& good = net.identify(leaf("ca", "Admin"));
  CHECK(good.roles == (membership::kMember | membership::kAdmin));
  const auto code_at = [&](const Identity& identity, Instant instant) {
    const usize before = net.sheet.notes().size();
    net.members.attach(kRoot, 0, identity, instant);
    return net.sheet.notes().size() == before ? Code::ok : net.sheet.notes().back().code;
  };
  CHECK(code_at(good, Instant::at(1704067200)) == Code::ok);
  CHECK(code_at(good, Instant::at(1704067199)) == Code::certificate_not_yet_valid);
  CHECK(code_at(good, Instant::at(2019686401)) == Code::certificate_expired);
  CHECK(code_at(good, {}) == Code::certificate_instant_missing);
  CHECK(net.sheet.notes().back().status == Status::undecided);
  CHECK(code_at(good, Instant::any()) == Code::ok);
  CHECK(code_at(net.identify(leaf("cb")), Instant::any()) == Code::certificate_issuer_unknown);
  CHECK(code_at(net.members.identify(membership::kNone, good.presented), {}) == Code::organisation_unknown);
  CHECK(code_at(net.members.identify(0, net.sheet.text({0x30})), {}) == Code::certificate_encoding);
  CHECK(code_at(net.members.identify(0, net.sheet.text({})), {}) == Code::certificate_pem);
}

TEST_CASE("members: namesakes become alternatives, and one authority twice is ambiguous under Fabric") {
  Network net(membership::fabric_rules(membership::Fabric::v3_0));
  net.add({authority("ca", "ca", 1), authority("ca", "ca", 2)});
  const Identity& either = net.identify(leaf("ca"));
  CHECK(either.good());
  CHECK(either.paths.size() == 2);
  const usize nodes = net.sheet.nodes().size();
  net.members.attach(kRoot, 0, either);
  CHECK(net.sheet.nodes().size() == nodes + 4);
  CHECK(net.sheet.nodes()[nodes + 1].fold == claim::Fold::quorum);
  CHECK(net.sheet.nodes()[nodes + 1].need == 1);

  Network twice(membership::fabric_rules(membership::Fabric::v3_0));
  Plan again = authority("ca", "ca", 1);
  again.serial = {0x02, 0x01, 0x08};
  twice.add({authority("ca", "ca", 1), again});
  CHECK(twice.identify(leaf("ca")).code == Code::certificate_chain_ambiguous);
}

TEST_CASE("members: organisations by name, and those that cannot be used") {
  Network net(membership::fabric_rules(membership::Fabric::v3_0));
  CHECK(net.add({leaf("ca")}) == 0);
  CHECK(net.members.problem(0) == Code::organisation_malformed);
  CHECK(net.members.problem_detail(0) == Code::issuer_not_authority);
  CHECK(net.identify(leaf("ca")).code == Code::organisation_malformed);
  CHECK(net.members.find(bytes_of("org")) == 0);
  CHECK(net.members.find(bytes_of("orh")) == membership::kNone);
  CHECK(net.members.add(net.organisation) == 0);
  CHECK(net.members.count() == 1);
}

TEST_CASE("members: an identity signs messages in the encodings that its network takes") {
  Network net(membership::chainmaker_rules());
  net.add({authority("ca", "ca", 1)});
  const Identity& signer = net.identify(leaf("ca"));
  const Ref message = net.sheet.text(bytes_of("message"));
  const auto sign = [&](const Buffer& signature, bool trailing) {
    membership::SignatureForm form;
    form.trailing = trailing;
    return net.members.sign(kRoot, signer, net.sheet.text(signature), std::span(&message, 1), form);
  };
  const Buffer behind = join({kSignature, {0x00}});
  const Buffer within = sequence({{0x02, 0x01, 0x05}, {0x02, 0x01, 0x06}, {0x05, 0x00}});
  CHECK(sign(kSignature, false) != claim::kNoClaim);
  for (const Buffer& loose : {behind, within}) {
    CHECK(sign(loose, true) != claim::kNoClaim);
    CHECK(sign(loose, false) == claim::kNoClaim);
  }
  CHECK(net.sheet.notes().back().code == Code::signature_encoding);
  for (const Buffer& bad : {Buffer{}, Buffer{0x30, 0x00}, sequence({{0x02, 0x01, 0x85}, {0x02, 0x01, 0x06}}),
                            sequence({tlv(0x02, Buffer(34, 1)), {0x02, 0x01, 0x06}})}) {
    CHECK(sign(bad, true) == claim::kNoClaim);
  }
}

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Buffer pem(const Buffer& der) {
  std::string text = "-----BEGIN X-----\n";
  for (usize i = 0; i < der.size(); i += 3) {
    u32 bits = 0;
    const usize count = std::min<usize>(3, der.size() - i);
    for (usize k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? der[i + k] : 0u);
    for (usize k = 0; k < 4; ++k) text += k > count ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
  }
  return bytes_of(text + "\n-----END X-----\n");
}

}  // namespace

TEST_CASE("members: Fabric reads the first certificate of a text, ChainMaker all of them") {
  const Buffer two = join({pem(authority("ca", "ca", 1).der()), pem(authority("cb", "cb", 2).der())});
  Network fabric(membership::fabric_rules(membership::Fabric::v3_0));
  fabric.organisation.roots.push_back(fabric.sheet.text(two));
  fabric.add({});
  CHECK(fabric.identify(leaf("ca")).good());
  CHECK(fabric.identify(leaf("cb")).code == Code::certificate_issuer_unknown);
  Network chainmaker(membership::chainmaker_rules());
  chainmaker.organisation.roots.push_back(chainmaker.sheet.text(two));
  chainmaker.add({});
  CHECK(chainmaker.identify(leaf("ca")).good());
  CHECK(chainmaker.identify(leaf("cb")).good());
}

TEST_CASE("members: an organisation with more certificates in one text than are read is of no use") {
  for (const auto& [count, code] : {std::pair{64, Code::ok}, std::pair{65, Code::organisation_malformed}}) {
    Network net(membership::chainmaker_rules());
    Buffer all;
    for (int i = 0; i < count; ++i) all = join({all, pem(authority("ca", "ca", static_cast<u8>(i)).der())});
    net.organisation.roots.push_back(net.sheet.text(all));
    net.add({});
    CHECK(net.members.problem(0) == code);
  }
}

TEST_CASE("members: beside a chain that may hold, one that cannot be judged leaves a bad signature undecided") {
  Network net(membership::fabric_rules(membership::Fabric::v3_0));
  Plan strange = authority("ca", "ca", 2);
  const Buffer rsa = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
  strange.key = sequence({sequence({rsa}), tlv(0x03, {0x00, 0x01})});
  net.add({authority("ca", "ca", 1), strange});
  REQUIRE(net.members.problem(0) == Code::ok);
  const Identity& either = net.identify(leaf("ca"));
  REQUIRE(either.paths.size() == 2);
  const usize nodes = net.sheet.nodes().size();
  net.members.attach(kRoot, 0, either);
  REQUIRE(net.sheet.nodes().size() == nodes + 4);
  CHECK(net.sheet.nodes()[nodes + 1].fold == claim::Fold::quorum);
  CHECK(net.sheet.notes().back().status == Status::undecided);
  CHECK(net.sheet.notes().back().node == nodes + 3);
}

TEST_CASE("members: a message that is yet to be computed is read when it is there") {
  Sheet sheet({}, {}, Limits{});
  const Ref digest = sheet.hash(Hash::sm3, {sheet.text(bytes_of("message"))});
  const Ref key = sheet.text(Buffer(65, 4));
  for (const auto algorithm : {wire::KeyAlgorithm::sm2, wire::KeyAlgorithm::ed25519}) {
    REQUIRE(membership::sign(sheet, kRoot, algorithm, key, sheet.text(kSignature), std::span(&digest, 1), {}) !=
            claim::kNoClaim);
    const Ref message = sheet.signature_rows().back().msg;
    CHECK(message.space() == claim::Space::scratch);
    CHECK(message.off == digest.off);
  }
}

TEST_CASE("members: a sheet beyond its limits only stops") {
  Limits limits;
  limits.text_max = 3000;
  limits.rows_max = 3;
  Sheet sheet({}, {}, limits);
  Members members(sheet, membership::chainmaker_rules());
  Organisation organisation;
  organisation.name = sheet.text(bytes_of("org"));
  organisation.roots.push_back(sheet.text(authority("ca", "ca", 1).der()));
  members.add(organisation);
  for (u8 i = 0; i < 20; ++i) {
    Plan plan = leaf("ca");
    plan.serial = {0x02, 0x01, i};
    const Identity& identity = members.identify(0, sheet.text(plan.der()));
    members.attach(kRoot, i, identity, Instant::any());
    members.fingerprint(identity);
  }
  CHECK_FALSE(sheet.within_limits());
}
