// Many BLAKE3 messages of any shape; see blake3.hpp.
//
// Chunks of all messages are gathered in a window, sorted by their number of blocks, and hashed in lanes, so that the
// lanes of a pass end together or nearly so. Then the trees of the window grow level by level, again in lanes over all
// of them. A message with more chunks than a window is a row of whole subtrees, which a stack joins.
#include <algorithm>
#include <bit>
#include <type_traits>

#include "hash/blake3.hpp"
#include "hash/blake3_tiers.hpp"
#include "hash/gathered.hpp"
#include "hash/segments.hpp"

namespace isthmus::hash {
namespace {

constexpr usize kWindow = 256;  // chunks; a power of two, so that a full window is a subtree
constexpr usize kWindowBytes = kBlake3Chunk * kWindow;
constexpr usize kSubtreesMost = 16;           // in a window: each size below it twice at most, growing and shrinking
constexpr usize kCopies = 16 * kBlake3Chunk;  // bytes of chunks that cross segments
constexpr usize kBlocksMost = kBlake3Chunk / kBlake3Block;

usize chunks_of(u64 size) { return size == 0 ? 1 : static_cast<usize>((size + kBlake3Chunk - 1) / kBlake3Chunk); }

// Chunks of the largest whole subtree that begins with chunk `first` and has `count` at most; its nodes stand where the
// message's tree has them.
usize subtree_at(u64 first, usize count) {
  const usize fits = std::bit_floor(count);
  const u64 aligned = first & (~first + 1);
  return first != 0 && aligned < fits ? static_cast<usize>(aligned) : fits;
}

// Where in a message the next byte is.
struct Reader {
  const Segment* segment;
  usize used;

  explicit Reader(const Message& message) : segment(message.segments), used(0) {}

  // The next `size` bytes if they stand in one segment, else nullptr.
  const u8* here(usize size) {
    while (used == segment->len) next();
    if (segment->len - used < size) return nullptr;
    used += size;
    return segment->data + used - size;
  }

  void copy(u8* out, usize size) {
    while (size != 0) {
      const usize left = segment->len - used;
      const usize take = left < size ? left : size;
      copy_bytes(out, segment->data + used, take);
      out += take;
      size -= take;
      used += take;
      if (used == segment->len && size != 0) next();
    }
  }

  void next() {
    ++segment;
    used = 0;
  }
};

class Forest {
 public:
  explicit Forest(LaneRows<u32> rows) : rows_(rows) {}

  void add(const Message& message) {
    const u64 length = length_of(message);
    Reader reader(message);
    if (length <= kBlake3Chunk) {
      add_chunk(reader, static_cast<u32>(length), 0, message.out, kBlake3Root);
    } else if (length <= kWindowBytes) {
      if (node_count_ + chunks_of(length) > kWindow) flush();
      add_tree(reader, static_cast<usize>(length), 0, message.out, true);
    } else {
      add_long(reader, length, message.out);
    }
  }

  // At most a window of whole chunks, as subtrees that the stack can take.
  void push_chunks(Blake3Stack& stack, const u8* data, usize count) {
    const Segment segment{data, kBlake3Chunk * count};
    const Message message{&segment, 1, nullptr};
    Reader reader(message);
    u8 nodes[kBlake3Digest * kSubtreesMost];
    usize sizes[kSubtreesMost];
    usize subtrees = 0;
    for (u64 first = stack.count(); count != 0; ++subtrees) {
      const usize size = subtree_at(first, count);
      add_tree(reader, kBlake3Chunk * size, first, nodes + kBlake3Digest * subtrees, false);
      sizes[subtrees] = size;
      first += size;
      count -= size;
    }
    flush();
    for (usize i = 0; i < subtrees; ++i) stack.push(nodes + kBlake3Digest * i, sizes[i]);
  }

  // Finishes everything that has been added.
  void flush() {
    hash_chunks();
    grow_trees();
    node_count_ = 0;
    tree_count_ = 0;
  }

 private:
  struct Chunk {
    const u8* data;
    u8* out;  // of the chaining value
    u64 number;
    u32 size;
    u32 flags;  // of its last block, beside the end

    // Blocks before the last one, which is never empty unless the message is.
    usize whole() const { return size == 0 ? 0 : (size - 1) / kBlake3Block; }
  };

  // A subtree over chaining values that stand side by side.
  struct Tree {
    u8* nodes;
    usize count;
    u8* out;
    bool root;
  };

  // ---- filling the window ----

  void add_chunk(Reader& reader, u32 size, u64 number, u8* out, u32 flags) {
    if (chunk_count_ == kWindow) hash_chunks();
    const u8* const data = size == 0 ? nullptr : bytes_of(reader, size);
    chunks_[chunk_count_++] = {data, out, number, size, flags};
  }

  const u8* bytes_of(Reader& reader, usize size) {
    const u8* const data = reader.here(size);
    if (data != nullptr) return data;
    if (copied_ + size > kCopies) hash_chunks();
    u8* const place = copies_ + copied_;
    reader.copy(place, size);
    copied_ += size;
    return place;
  }

  // `size` bytes from chunk `first` on, at most a window; their nodes fit.
  void add_tree(Reader& reader, usize size, u64 first, u8* out, bool root) {
    u8* const nodes = nodes_ + kBlake3Digest * node_count_;
    usize count = 0;
    for (usize at = 0; at < size; at += kBlake3Chunk, ++count) {
      const usize here = size - at < kBlake3Chunk ? size - at : kBlake3Chunk;
      add_chunk(reader, static_cast<u32>(here), first + count, nodes + kBlake3Digest * count, 0);
    }
    node_count_ += count;
    trees_[tree_count_++] = {nodes, count, out, root};
  }

  void add_long(Reader& reader, u64 length, u8* out) {
    Blake3Stack subtrees;
    u8 node[kBlake3Digest];
    flush();
    for (; length > kWindowBytes; length -= kWindowBytes) {
      add_tree(reader, kWindowBytes, kWindow * subtrees.count(), node, false);
      flush();
      subtrees.push(node);
    }
    add_tree(reader, static_cast<usize>(length), kWindow * subtrees.count(), node, false);
    flush();
    subtrees.root(out, node);
  }

  // ---- chunks ----

  // Most blocks first.
  void sort_chunks() {
    usize place_of[kBlocksMost] = {};
    for (usize i = 0; i < chunk_count_; ++i) ++place_of[chunks_[i].whole()];
    usize place = 0;
    for (usize whole = kBlocksMost; whole-- > 0;) {
      const usize count = place_of[whole];
      place_of[whole] = place;
      place += count;
    }
    for (usize i = 0; i < chunk_count_; ++i) order_[place_of[chunks_[i].whole()]++] = static_cast<u16>(i);
  }

  void hash_chunks() {
    sort_chunks();
    usize done = 0;
    for (const auto* row : rows_) {
      const usize end = done + row->share(chunk_count_ - done);
      while (done != end) {
        const usize here = std::min<usize>(row->lanes, end - done);
        if (row->lanes == kLanesMost) {
          run_pass(row->run, done, here, std::integral_constant<usize, kLanesMost>());
        } else {
          run_pass(row->run, done, here, usize{row->lanes});
        }
        done += here;
      }
    }
    chunk_count_ = 0;
    copied_ = 0;
  }

  // Lanes of a pass, longest chunk first.
  struct Pass {
    const Chunk* chunks[kLanesMost];
    const u8* blocks[kLanesMost];
    alignas(64) u32 state[kBlake3Words * kLanesMost];
    alignas(64) u8 tails[kBlake3Block * kLanesMost];
  };

  // `count` chunks from place `from` of the order on, in as many lanes as there are at least. `lanes` is a number, or a
  // type that is one.
  template <typename Count>
  void run_pass(Lanes<u32> run, usize from, usize count, Count lanes) {
    Pass pass;
    for (usize i = 0; i < count; ++i) {
      pass.chunks[i] = &chunks_[order_[from + i]];
      pass.blocks[i] = pass.chunks[i]->data;
    }
    for (usize i = from + count; i < chunk_count_ && i < from + 2 * count; ++i) {
      prefetch_start(chunks_[order_[i]].data, chunks_[order_[i]].size);
    }
    start_states(pass, count, lanes);
    usize absorbed = 0;
    for (usize live = count; live != 0;) {
      const usize before_last = pass.chunks[live - 1]->whole() - absorbed;
      if (before_last != 0) {
        run_blocks(run, pass, live, before_last, lanes);
        absorbed += before_last;
      }
      usize ends = live;
      while (ends != 0 && pass.chunks[ends - 1]->whole() == absorbed) end_chunk(pass, --ends, lanes);
      run_blocks(run, pass, live, 1, lanes);
      ++absorbed;
      for (usize i = ends; i < live; ++i) store_node(pass, i, lanes);
      live = ends;
    }
  }

  template <typename Count>
  static void start_states(Pass& pass, usize count, Count lanes) {
    for (usize w = 0; w < 8; ++w) {
      for (usize i = 0; i < lanes; ++i) pass.state[lanes * w + i] = kBlake3Iv[w];
    }
    for (usize i = 0; i < lanes; ++i) {
      const u64 number = i < count ? pass.chunks[i]->number : 0;
      pass.state[lanes * 8 + i] = static_cast<u32>(number);
      pass.state[lanes * 9 + i] = static_cast<u32>(number >> 32);
      pass.state[lanes * 10 + i] = kBlake3Block;
      pass.state[lanes * 11 + i] = kBlake3Start;
    }
  }

  // A lane without a chunk absorbs what the first one does, into a state that nobody reads.
  template <typename Count>
  static void run_blocks(Lanes<u32> run, Pass& pass, usize live, usize count, Count lanes) {
    for (usize i = live; i < lanes; ++i) pass.blocks[i] = pass.blocks[0];
    run(pass.state, pass.blocks, count);
    for (usize i = 0; i < live; ++i) pass.blocks[i] += kBlake3Block * count;
  }

  // Prepares a lane for its last block.
  template <typename Count>
  static void end_chunk(Pass& pass, usize i, Count lanes) {
    const Chunk& chunk = *pass.chunks[i];
    const usize rest = chunk.size - kBlake3Block * chunk.whole();
    pass.state[lanes * 10 + i] = static_cast<u32>(rest);
    pass.state[lanes * 11 + i] |= kBlake3End | chunk.flags;
    if (rest == kBlake3Block) return;
    u8* const tail = pass.tails + kBlake3Block * i;
    memset(tail, 0, kBlake3Block);
    copy_bytes(tail, pass.blocks[i], rest);
    pass.blocks[i] = tail;
  }

  template <typename Count>
  static void store_node(const Pass& pass, usize i, Count lanes) {
    u8* const out = pass.chunks[i]->out;
    for (usize w = 0; w < 8; ++w) store_le32(out + 4 * w, pass.state[lanes * w + i]);
  }

  // ---- trees ----

  void grow_trees() {
    if (tree_count_ == 0) return;
    Gathered<kBlake3Digest> parents(blake3_parent);
    Gathered<kBlake3Digest> roots(blake3_parent_root);
    for (bool more = true; more;) {
      more = false;
      for (usize i = 0; i < tree_count_; ++i) more |= join_level(trees_[i], parents, roots);
      parents.flush();
      roots.flush();
    }
    for (usize i = 0; i < tree_count_; ++i) {
      if (!trees_[i].root) memcpy(trees_[i].out, trees_[i].nodes, kBlake3Digest);
    }
  }

  // Joins neighbours; a last node without one goes up as it is. A parent is written over a node that has been gathered
  // before. True: the tree has more levels.
  static bool join_level(Tree& tree, Gathered<kBlake3Digest>& parents, Gathered<kBlake3Digest>& roots) {
    if (tree.count == 1) return false;
    const usize pairs = tree.count / 2;
    const bool last = tree.root && tree.count == 2;
    for (usize k = 0; k < pairs; ++k) {
      Gathered<kBlake3Digest>& into = last ? roots : parents;
      memcpy(into.block(), tree.nodes + 2 * kBlake3Digest * k, 2 * kBlake3Digest);
      into.put(last ? tree.out : tree.nodes + kBlake3Digest * k);
    }
    if (tree.count % 2 == 1) {
      memcpy(tree.nodes + kBlake3Digest * pairs, tree.nodes + 2 * kBlake3Digest * pairs, kBlake3Digest);
    }
    tree.count -= pairs;
    return tree.count > 1;
  }

  LaneRows<u32> rows_;
  Chunk chunks_[kWindow];
  u16 order_[kWindow];
  usize chunk_count_ = 0;
  u8 copies_[kCopies];
  usize copied_ = 0;
  alignas(64) u8 nodes_[kBlake3Digest * kWindow];
  usize node_count_ = 0;
  Tree trees_[kWindow / 2];  // of two chunks at least, or the subtrees of a long message
  usize tree_count_ = 0;
};

}  // namespace

void blake3_many(std::span<const Message> messages) { blake3_many_with(blake3_lane_rows(), messages); }

void blake3_many_with(LaneRows<u32> rows, std::span<const Message> messages) {
  Forest forest(rows);
  for (const Message& message : messages) forest.add(message);
  forest.flush();
}

void blake3_push_chunks(Blake3Stack& stack, const u8* data, usize count) {
  Forest forest(blake3_lane_rows());
  while (count != 0) {
    // Up to where a window ends, so that those that follow are one subtree each.
    const usize room = kWindow - static_cast<usize>(stack.count() % kWindow);
    const usize take = count < room ? count : room;
    forest.push_chunks(stack, data, take);
    data += kBlake3Chunk * take;
    count -= take;
  }
}

}  // namespace isthmus::hash
