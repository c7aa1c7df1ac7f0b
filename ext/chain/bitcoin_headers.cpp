// Chain "bitcoin-headers": a run of block headers. Input: n * 80 bytes, the first at the anchor's height. The anchor's
// form stands in bitcoin_anchor.hpp.
//
// Every header is one node: it names its parent's hash, has its proof of work, and the target, time and version that
// the headers before it demand. Headers that the anchor gives are trusted and not checked again. Facts: "hash",
// "height" (u32), "time" (u32) of the last header, "work" (u256) of all headers of the input together. Cost: one
// SHA-256d of 80 bytes and two comparisons per header.
#include "chain/bitcoin_anchor.hpp"
#include "chain/bitcoin_header.hpp"

namespace isthmus::chain {
namespace {

using namespace bitcoin;
using claim::Compare;
using claim::Kind;
using claim::NodeId;
using claim::Ref;
using claim::Sheet;

U256 work_of_bits(u32 bits) {
  U256 target;
  return target_from_bits(bits, target) ? work_of(target) : U256{};
}

void state_facts(Sheet& sheet, Ref hash, u32 height, const u8* header, const U256& work) {
  u8 bytes[32];
  store_le32(bytes, height);
  sheet.fact("hash", hash);
  sheet.fact("height", sheet.text(Bytes(bytes, 4)));
  store_le32(bytes, header_time(header));
  sheet.fact("time", sheet.text(Bytes(bytes, 4)));
  for (u32 i = 0; i < 4; ++i) store_le64(bytes + 8 * i, work.w[i]);
  sheet.fact("work", sheet.text(Bytes(bytes)));
}

}  // namespace

AnchorError decode_bitcoin_headers(Bytes input, Bytes anchor_bytes, const Limits&, Sheet& sheet) {
  Anchor anchor;
  const AnchorError bad = parse_anchor(anchor_bytes, kHeadersFields, anchor);
  if (bad.what != nullptr) return bad;
  const usize count = input.size() / kHeaderLen;
  if (input.size() % kHeaderLen != 0) sheet.fail(claim::kRoot, Code::truncated, kHeaderLen * count);
  if (count == 0 || sheet.nodes().size() + count > ~u32{0} - anchor.height) return {};

  const Params& params = anchor.params();
  const Lineage lineage(anchor.height, anchor.parents, anchor.opener, input, anchor.median);
  PeriodBits period(lineage, params.limit_bits);
  U256 work;
  U256 each;  // of a header with work_bits: most headers have their parent's bits
  u32 work_bits = 0;
  Ref previous;
  u32 height = anchor.height;
  for (usize i = 0; i < count && sheet.within_limits(); ++i, ++height) {
    const NodeId node = sheet.all(claim::kRoot, Kind::header, height);
    const usize off = kHeaderLen * i;
    const Ref hash = sheet.hash(Hash::sha256d, {sheet.input(off, kHeaderLen)});
    if (i == 0) {
      state_link(sheet, node, anchor, hash);
    } else {
      sheet.require(node, Code::bitcoin_parent_differs,
                    sheet.compare(Compare::equal, sheet.input(off + 4, 32), previous));
    }
    const bool trusted = i == 0 && !anchor.hash.empty();
    state_header(sheet, node, {params, lineage, anchor.now, trusted}, height, period, hash, off);
    const u32 bits = header_bits(input.data() + off);
    period.pass(height, bits);
    if (i == 0 || bits != work_bits) each = work_of_bits(bits);
    work_bits = bits;
    work = add(work, each);
    previous = hash;
  }
  state_facts(sheet, previous, height - 1, input.data() + kHeaderLen * (count - 1), work);
  return {};
}

}  // namespace isthmus::chain
