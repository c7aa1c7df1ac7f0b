// Look-up, counting, making and giving way of key tables; see key_tables.hpp.
#include "sig/key_tables.hpp"

#include <optional>

#include "curve/comb.hpp"
#include "curve/multiply.hpp"

namespace isthmus::sig {
namespace {

// What one table takes besides its entries: list and index nodes, roughly.
constexpr usize kOverhead = 256;

u64 mix(u64 a, u64 b) {
  const u128 product = static_cast<u128>(a) * b;
  return static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
}

}  // namespace

usize KeyTables::Hasher::operator()(const Id& id) const {
  // Pairs of salted words multiplied to 128 bits and folded: who does not know the salt cannot aim at a bucket.
  const u64 low = mix(id.x[0] ^ salt[0], id.x[1] ^ salt[1]);
  const u64 high = mix(id.x[2] ^ salt[2], id.x[3] ^ salt[3]);
  return mix(low ^ salt[4], high ^ salt[5] ^ (u64{id.curve} << 8 | id.odd));
}

KeyTables::KeyTables(u64 bytes_max)
    : bytes_max_(bytes_max), made_by_(getpid()), index_(0, Hasher{}), slots_(kSlots, Slot{0, 0}) {
  Hasher hasher;
  // Without the kernel's randomness keys could be aimed at, which would cost time, never a wrong answer.
  if (getentropy(hasher.salt, sizeof hasher.salt) != 0) {
    for (usize i = 0; i < 6; ++i) hasher.salt[i] = 0x9E3779B97F4A7C15 * (i + 1);
  }
  index_ = std::unordered_map<Id, Order::iterator, Hasher>(0, hasher);
}

KeyTables::~KeyTables() = default;

bool KeyTables::is_forked() const { return getpid() != made_by_; }

template <class C>
KeyTables::Id KeyTables::id_of(const WireKey<C>& key) {
  const bool odd = key.form == PointForm::full ? (key.y[0] & 1) != 0 : key.form == PointForm::odd;
  return {{key.x[0], key.x[1], key.x[2], key.x[3]}, static_cast<u8>(lane_curve<C>()), odd};
}

// The entry of a known key, now the most recently used; null for others.
template <class C>
const KeyTables::Entry* KeyTables::find_entry(const WireKey<C>& key) {
  const auto found = index_.find(id_of(key));
  if (found == index_.end()) return nullptr;
  Entry& entry = *found->second;
  if (key.form == PointForm::full && memcmp(entry.y, key.y.data(), sizeof entry.y) != 0) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  ++entry.uses;
  return &entry;
}

// Counts a key without a table; true when it has earned one. Keys that share a slot wear each other down, so that only
// one that is frequent among them gets there.
bool KeyTables::count_unknown(const Id& id) {
  const u64 tag = index_.hash_function()(id);
  Slot& slot = slots_[tag % kSlots];
  if (slot.tag != tag) {
    if (slot.uses > 0) {
      --slot.uses;
      return false;
    }
    slot.tag = tag;
  }
  if (++slot.uses < kUsesNarrow) return false;
  slot.uses = 0;
  return true;
}

template <class C>
void KeyTables::find(std::span<const WireKey<C>* const> keys, std::shared_ptr<const KeyTable>* tables) {
  if (is_forked()) {
    for (usize i = 0; i < keys.size(); ++i) tables[i] = nullptr;
    return;
  }
  std::optional<WireKey<C>> due;
  u32 width = kNarrow;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (usize i = 0; i < keys.size(); ++i) {
      tables[i] = nullptr;
      if (const Entry* entry = find_entry(*keys[i])) {
        tables[i] = entry->table;
        ++stats_.rows;
        if (entry->uses < kUsesWide || entry->widening || due.has_value()) continue;
        order_.front().widening = true;  // find_entry has put it there
        due = *keys[i];
        width = kWide;
      } else if (!due.has_value() && count_unknown(id_of(*keys[i]))) {
        due = *keys[i];
        width = kNarrow;
      }
    }
  }
  // Outside the lock: other threads go on meanwhile, at worst making the same table.
  if (due.has_value()) build(*due, width);
}

template <class C>
void KeyTables::build(const WireKey<C>& key, u32 width) {
  const usize words = curve::comb_words(width), bytes = words * sizeof(u64) + 64 + kOverhead;
  if (bytes > bytes_max_ / (width == kWide ? 4 : 1)) return;
  curve::Affine<C> point;
  if (!decode_wire_key(point, key)) return;
  auto table = std::make_shared<KeyTable>();
  table->width = width;
  table->storage.reset(new u64[words + 8]);
  u64* const entries = table->storage.get() + (8 - reinterpret_cast<usize>(table->storage.get()) / 8 % 8) % 8;
  curve::write_comb(entries, point, width);
  table->entries = entries;
  Entry entry = {id_of(key), {}, width == kWide ? kUsesWide : kUsesNarrow, std::move(table), bytes, width == kWide};
  const field::Words y = C::Field::to_words(point.y);
  memcpy(entry.y, y.data(), sizeof entry.y);
  insert(std::move(entry));
}

void KeyTables::insert(Entry entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto old = index_.find(entry.id);
  if (old != index_.end()) {
    if (old->second->table->width >= entry.table->width) return;
    stats_.bytes -= old->second->bytes;
    order_.erase(old->second);
    index_.erase(old);
  }
  while (!order_.empty() && stats_.bytes + entry.bytes > bytes_max_) {
    stats_.bytes -= order_.back().bytes;
    index_.erase(order_.back().id);
    order_.pop_back();
  }
  stats_.bytes += entry.bytes;
  ++stats_.built;
  order_.push_front(std::move(entry));
  index_[order_.front().id] = order_.begin();
}

KeyTableStats KeyTables::stats() const {
  if (is_forked()) return {};
  const std::lock_guard<std::mutex> lock(mutex_);
  KeyTableStats out = stats_;
  out.tables = order_.size();
  return out;
}

template void KeyTables::find(std::span<const WireKey<curve::Secp256k1>* const>, std::shared_ptr<const KeyTable>*);
template void KeyTables::find(std::span<const WireKey<curve::P256>* const>, std::shared_ptr<const KeyTable>*);
template void KeyTables::find(std::span<const WireKey<curve::Sm2>* const>, std::shared_ptr<const KeyTable>*);

}  // namespace isthmus::sig
