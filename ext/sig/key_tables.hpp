// Tables of keys that sign often. In a permissioned network a few dozen keys sign everything; a key that has been seen
// often enough gets a comb (curve/comb.hpp), with which a verification needs no doublings.
//
// Bounded: tables together take at most `bytes_max`, the least recently used give way; keys that have no table yet are
// counted in a fixed number of slots. Nobody can choose which keys share a slot or a bucket: both are found by a hash
// with a secret of this object. A table only ever saves time: with it and without it the answers are the same.
//
// A forked child has no tables: another thread may have held the lock when the process was copied, and nobody is there
// to release it.
//
// Safe to use from several threads. A table that was handed out lives as long as its holder wants, even when it has
// given way meanwhile.
#pragma once

#include <unistd.h>

#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "sig/wire_key.hpp"

namespace isthmus::sig {

// A comb of one key.
struct KeyTable {
  u32 width;
  std::unique_ptr<u64[]> storage;
  const u64* entries;  // at a multiple of 64 within the storage
};

struct KeyTableStats {
  u64 tables;  // held now
  u64 bytes;   // that they take
  u64 built;   // since the object was made
  u64 rows;    // that found a table
};

class KeyTables {
 public:
  // Rows of one key after which it gets a table, and after which a wider one. A table costs as much as about a hundred
  // rows save (width 5), or two hundred (width 7).
  static constexpr u32 kUsesNarrow = 64;
  static constexpr u32 kUsesWide = 2048;
  static constexpr u32 kNarrow = 5;
  static constexpr u32 kWide = 7;

  explicit KeyTables(u64 bytes_max);
  ~KeyTables();
  KeyTables(const KeyTables&) = delete;
  KeyTables& operator=(const KeyTables&) = delete;

  // tables[i] is that of keys[i], or null. Counts a use of every key, and makes the table of at most one that is due.
  template <class C>
  void find(std::span<const WireKey<C>* const> keys, std::shared_ptr<const KeyTable>* tables);

  KeyTableStats stats() const;

 private:
  // A key as it is looked up: a whole one also by its y, so that x with a y off the curve never finds the point's
  // table.
  struct Id {
    u64 x[4];
    u8 curve;
    u8 odd;
    bool operator==(const Id&) const = default;
  };
  struct Hasher {
    u64 salt[6];
    usize operator()(const Id& id) const;
  };
  struct Entry {
    Id id;
    u64 y[4];
    u64 uses;
    std::shared_ptr<const KeyTable> table;
    usize bytes;
    bool widening;
  };
  struct Slot {
    u64 tag;
    u32 uses;
  };
  static constexpr usize kSlots = 4096;
  using Order = std::list<Entry>;

  template <class C>
  static Id id_of(const WireKey<C>& key);
  template <class C>
  const Entry* find_entry(const WireKey<C>& key);
  bool count_unknown(const Id& id);
  template <class C>
  void build(const WireKey<C>& key, u32 width);
  void insert(Entry entry);

  bool is_forked() const;

  const u64 bytes_max_;
  const pid_t made_by_;
  mutable std::mutex mutex_;
  Order order_;  // most recently used first
  std::unordered_map<Id, Order::iterator, Hasher> index_;
  std::vector<Slot> slots_;
  KeyTableStats stats_ = {};
};

}  // namespace isthmus::sig
