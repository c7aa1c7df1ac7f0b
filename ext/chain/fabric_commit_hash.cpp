#include "chain/fabric_commit_hash.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace isthmus::chain::fabric {
namespace {

// Of one transaction's changes to one key the later of these counts; a change of metadata leaves the value.
enum class Change : u8 { value, metadata, deletion };

// One change of a key, with the transaction that made it. Public ones have no collection.
struct Update {
  std::string_view ns;
  std::string_view collection;
  std::string_view key;
  Ref value;
  u32 tx;
  Change change;

  auto place() const { return std::tie(ns, collection, key); }
};

void append_varint(std::vector<u8>& out, u64 value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<u8>(value | 0x80));
  out.push_back(static_cast<u8>(value));
}

void append_field(std::vector<u8>& out, u8 number, std::string_view bytes) {
  if (bytes.empty()) return;
  out.push_back(static_cast<u8>(number << 3 | 2));
  append_varint(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// A number as ordered bytes: how many follow, then the shortest big-endian form, which for 0 is none.
void append_ordered(std::string& out, u64 value) {
  u8 raw[8];
  store_be32(raw, static_cast<u32>(value >> 32));
  store_be32(raw + 4, static_cast<u32>(value));
  usize first = 0;
  while (first < 8 && raw[first] == 0) ++first;
  out.push_back(static_cast<char>(8 - first));
  for (; first < 8; ++first) out.push_back(static_cast<char>(raw[first]));
}

void collect(const Sheet& sheet, const NamespaceWrites& from, u32 tx, std::vector<Update>& all) {
  const std::string_view ns = text_of(sheet, from.name);
  const auto add = [&](std::string_view collection, const WriteSet& set) {
    for (const Write& write : set.writes) {
      const Change change = write.is_delete ? Change::deletion : Change::value;
      all.push_back({ns, collection, text_of(sheet, write.key), write.value, tx, change});
    }
    for (const Ref key : set.metadata_keys) {
      all.push_back({ns, collection, text_of(sheet, key), Ref{}, tx, Change::metadata});
    }
  };
  add({}, from.set);
  for (const CollectionWrites& collection : from.collections) add(text_of(sheet, collection.name), collection.set);
}

// The last state of each key, in the order of places; false where that needs a value that the block does not write.
bool last_of_each(std::vector<Update>& all, std::vector<Update>& last) {
  std::stable_sort(all.begin(), all.end(), [](const Update& left, const Update& right) {
    if (left.place() != right.place()) return left.place() < right.place();
    return std::tie(left.tx, left.change) < std::tie(right.tx, right.change);
  });
  for (Update& update : all) {
    const bool again = !last.empty() && last.back().place() == update.place();
    if (update.change == Change::metadata) {
      if (!again || last.back().change == Change::deletion) return false;
      update.value = last.back().value;
      update.change = Change::value;
    }
    if (again) last.pop_back();
    last.push_back(update);
  }
  return true;
}

// Updates {1: KVWrite {1: namespace, 2: collection, 3: key, 4: isDelete, 5: value, 6: version_bytes}}. A name that is
// the previous entry's is left out.
std::vector<u8> updates_bytes(const Sheet& sheet, u64 number, const std::vector<Update>& updates) {
  std::vector<u8> out, write;
  std::string_view ns, collection;
  for (const Update& update : updates) {
    write.clear();
    const bool same_ns = update.ns == ns;
    if (!same_ns) append_field(write, 1, update.ns);
    if (!same_ns || update.collection != collection) append_field(write, 2, update.collection);
    ns = update.ns;
    collection = update.collection;
    append_field(write, 3, update.key);
    if (update.change == Change::deletion) write.insert(write.end(), {4 << 3, 1});
    if (update.change == Change::value) append_field(write, 5, text_of(sheet, update.value));
    std::string version;
    append_ordered(version, number);
    append_ordered(version, update.tx);
    append_field(write, 6, version);
    out.push_back(1 << 3 | 2);
    append_varint(out, write.size());
    out.insert(out.end(), write.begin(), write.end());
  }
  return out;
}

}  // namespace

void state_commit_hash(Sheet& sheet, NodeId node, u64 number, Ref flags, std::span<const Transaction> txs, Ref previous,
                       Ref recorded) {
  std::vector<Update> all;
  const Bytes flag = sheet.bytes(flags);
  for (u32 i = 0; i < txs.size(); ++i) {
    if (flag[i] != 0) continue;
    for (const NamespaceWrites& each : txs[i].namespaces) {
      // The channel's config is kept under the empty name and left out of the hash.
      if (each.name.len() != 0) collect(sheet, each, i, all);
    }
  }
  std::vector<Update> last;
  if (!last_of_each(all, last)) return sheet.undecided(node, Code::fabric_state_needed, flags.off);
  std::vector<u8> head;
  append_varint(head, flag.size());
  const Ref count = sheet.text(head);
  const Ref updates = sheet.text(updates_bytes(sheet, number, last));
  const Ref digest = sheet.hash(Hash::sha256, {count, flags, updates, previous});
  sheet.require(node, Code::fabric_commit_hash, sheet.compare(claim::Compare::equal, digest, recorded));
}

}  // namespace isthmus::chain::fabric
