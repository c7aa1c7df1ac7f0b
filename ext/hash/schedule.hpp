// Messages of any lengths through lanes that stay full.
//
// Every lane hashes its own message and, when it ends, begins the next one: longest first within a window of
// messages, so that what is left at the very end is short. A row of lanes gives up when no message is left to
// begin and fewer lanes are live than the row pays for; the next row takes over the live ones, whose states are
// known. So a few long messages among many end where single messages are fastest.
//
// Blocks that lie inside one segment are read in place. A block that crosses segments and the padded end of a
// message are put together in a buffer of the lane. Cost beside the compressions: about 20 ns per message, and a
// copy of less than two blocks.
#pragma once

#include <bit>
#include <span>
#include <type_traits>

#include "hash/rows.hpp"
#include "hash/segments.hpp"

namespace isthmus::hash {

// Where digests go. Sink has
//   bool take(const Message& message, u64 length)               true: the sink hashes this message itself
//   void finish(const Message& message, const Word* state, usize stride)
//                                                               the state after a message, its words `stride` apart
template <typename Core, typename Sink>
class Schedule {
 public:
  using Word = typename Core::Word;

  Schedule(std::span<const Message> messages, Sink& sink) : messages_(messages), sink_(sink) {}

  void run(LaneRows<Word> rows) {
    for (const auto* row : rows) {
      const bool last = row == rows.back();
      const usize enough = last ? 1 : row->count_min;
      if (unsorted() + waiting_count_ < enough) continue;
      if (row->lanes == kWidest) {
        run_row(*row, enough, std::integral_constant<usize, kWidest>());
      } else {
        run_row(*row, enough, usize{row->lanes});
      }
    }
  }

 private:
  static constexpr usize kBlock = Core::kBlock;
  static constexpr u8 kZeros[2 * kBlock] = {};
  static constexpr usize kWindow = 1024;
  static constexpr usize kWidest = 64 / sizeof(Word);  // lanes of AVX-512
  static constexpr usize kExact = 64;                  // below so many blocks every count is a class of its own
  static constexpr usize kClasses = kExact + 64 - 6;   // above, every power of two

  // Blocks to absorb next. A count of 0: nothing is left.
  struct Run {
    const u8* blocks;
    usize count;
  };

  // One begun message.
  struct Job {
    const Message* message;
    const Segment* segment;  // the one being read
    usize used;              // how much of it has been
    u64 left;                // unread bytes of the message
    u64 length;
    bool padded;  // the end has been handed out
    Run run;      // only while it waits, as the state
    Word state[Core::kWords];
    alignas(64) u8 buffer[2 * kBlock];
  };

  static usize class_of(u64 length) {
    const u64 blocks = (length + Core::kLengthBytes) / kBlock + 1;
    return blocks < kExact ? static_cast<usize>(blocks) : kExact + std::bit_width(blocks) - 7;
  }

  // ---- order ----

  usize unsorted() const { return messages_.size() - sorted_; }

  // The next messages, longest first.
  void sort_window() {
    u32 count_of[kClasses] = {};
    u8 classes[kWindow];
    usize longest = 0;
    const usize here = unsorted() < kWindow ? unsorted() : kWindow;
    window_ = messages_.data() + sorted_;
    sorted_ += here;
    for (usize i = 0; i < here; ++i) {
      const u64 length = length_of(window_[i]);
      classes[i] = sink_.take(window_[i], length) ? 0 : static_cast<u8>(class_of(length));
      ++count_of[classes[i]];
      longest = classes[i] > longest ? classes[i] : longest;
    }
    u32 place_of[kClasses];
    u32 place = 0;
    for (usize c = longest + 1; c-- > 0;) {
      place_of[c] = place;
      place += count_of[c];
    }
    for (usize i = 0; i < here; ++i) order_[place_of[classes[i]]++] = static_cast<u16>(i);
    next_ = 0;
    ordered_ = here - count_of[0];
  }

  const Message* next_message() {
    while (next_ == ordered_) {
      if (unsorted() == 0) return nullptr;
      sort_window();
    }
    if (next_ + kLanesMost < ordered_) prefetch(window_[order_[next_ + kLanesMost]]);
    return window_ + order_[next_++];
  }

  // Of a message that begins when about every lane has ended once more.
  static void prefetch(const Message& message) {
    if (message.segment_count != 0) prefetch_start(message.segments[0].data, message.segments[0].len);
  }

  // ---- one message ----

  // Copies the next `count` bytes, which exist.
  static void copy(Job& job, u8* out, usize count) {
    job.left -= count;
    while (count != 0) {
      const usize here = job.segment->len - job.used;
      const usize take = here < count ? here : count;
      copy_bytes(out, job.segment->data + job.used, take);
      out += take;
      count -= take;
      job.used += take;
      if (take == here) next_segment(job);
    }
  }

  static void next_segment(Job& job) {
    ++job.segment;
    job.used = 0;
  }

  // The next blocks to absorb.
  static Run next_run(Job& job) {
    if (job.left < kBlock) return end_run(job);
    while (job.used == job.segment->len) next_segment(job);
    const usize whole = (job.segment->len - job.used) / kBlock;
    if (whole == 0) {
      copy(job, job.buffer, kBlock);
      return {job.buffer, 1};
    }
    const u8* const at = job.segment->data + job.used;
    job.used += kBlock * whole;
    job.left -= kBlock * whole;
    return {at, whole};
  }

  static Run end_run(Job& job) {
    if (job.padded) return {nullptr, 0};
    const usize rest = static_cast<usize>(job.left);
    const usize count = rest + 1 + Core::kLengthBytes <= kBlock ? 1 : 2;
    // A short block is cleared at once; of a long one only what stays zero, which is fewer stores.
    constexpr bool kShort = kBlock <= 64;
    if constexpr (kShort) memset(job.buffer, 0, kBlock);
    if (kShort && count == 2) memset(job.buffer + kBlock, 0, kBlock);
    copy(job, job.buffer, rest);
    job.buffer[rest] = Core::kPad;
    if constexpr (!kShort) copy_bytes(job.buffer + rest + 1, kZeros, kBlock * count - rest - 1);
    Stream<Core>::store_end(job.buffer + kBlock * count, job.length);
    job.padded = true;
    return {job.buffer, count};
  }

  static Run begin(Job& job, const Message& message) {
    job.message = &message;
    job.segment = message.segments;
    job.used = 0;
    job.length = length_of(message);
    job.left = job.length;
    job.padded = false;
    return next_run(job);
  }

  // ---- lanes ----
  // `lanes` is a number, or a type that is one: loops over the widest row are compiled for its length.

  // Gives lane i a message: one that waits, else a fresh one. They never meet: a row gives up only when no fresh
  // message is left, so a fresh one may always use the job of its lane.
  template <typename Count>
  bool fill(usize i, Count lanes) {
    if (waiting_count_ != 0) {
      Job* const job = waiting_[--waiting_count_];
      jobs_of_[i] = job;
      for (usize w = 0; w < Core::kWords; ++w) state_[lanes * w + i] = job->state[w];
      set_run(i, job->run);
      return true;
    }
    const Message* const message = next_message();
    if (message == nullptr) return false;
    jobs_of_[i] = &jobs_[i];
    set_run(i, begin(jobs_[i], *message));
    fresh_ |= u32{1} << i;
    return true;
  }

  // Writes the states of lanes that have begun a message since the last step.
  template <typename Count>
  void write_fresh(Count lanes) {
    if (fresh_ == all_of(lanes)) {
      for (usize w = 0; w < Core::kWords; ++w) {
        for (usize i = 0; i < lanes; ++i) state_[lanes * w + i] = Core::kStart[w];
      }
      fresh_ = 0;
    }
    for (; fresh_ != 0; fresh_ &= fresh_ - 1) {
      const usize i = static_cast<usize>(std::countr_zero(fresh_));
      for (usize w = 0; w < Core::kWords; ++w) state_[lanes * w + i] = Core::kStart[w];
    }
  }

  // Leaves it to the kernel where that can and all lanes have; returns what to add to a count of blocks.
  template <typename Count>
  usize start_fresh(Count lanes) {
    if (Core::kFresh == 0 || fresh_ != all_of(lanes)) {
      write_fresh(lanes);
      return 0;
    }
    fresh_ = 0;
    return Core::kFresh;
  }

  // Whether the next `count` blocks are the last ones of every lane's message.
  bool all_end(usize count, usize lanes) const {
    for (usize i = 0; i < lanes; ++i) {
      if (counts_[i] != count || !jobs_of_[i]->padded) return false;
    }
    return true;
  }

  static constexpr u32 all_of(usize lanes) { return (u32{1} << lanes) - 1; }

  void set_run(usize i, const Run& run) {
    blocks_[i] = run.blocks;
    counts_[i] = run.count;
  }

  template <typename Count>
  void run_row(const cpu::Row<Lanes<Word>>& row, usize enough, Count lanes) {
    usize live = 0;
    for (usize i = 0; i < lanes; ++i) {
      counts_[i] = 0;
      live += fill(i, lanes) ? 1 : 0;
    }
    while (live >= enough) live -= step(row, lanes);
    if (live != 0) write_fresh(lanes);
    for (usize i = 0; i < lanes; ++i) {
      if (counts_[i] == 0) continue;
      Job* const job = jobs_of_[i];
      for (usize w = 0; w < Core::kWords; ++w) job->state[w] = state_[lanes * w + i];
      job->run = {blocks_[i], counts_[i]};
      waiting_[waiting_count_++] = job;
    }
  }

  // As many blocks as every live lane has in one place; returns how many lanes found nothing more to do.
  template <typename Count>
  usize step(const cpu::Row<Lanes<Word>>& row, Count lanes) {
    usize shortest = 0;
    for (usize i = 1; i < lanes; ++i) {
      if (counts_[i] - 1 < counts_[shortest] - 1) shortest = i;  // a count of 0 becomes the largest
    }
    const usize count = counts_[shortest];
    // An idle lane absorbs what another one does, into a state that nobody reads.
    for (usize i = 0; i < lanes; ++i) {
      if (counts_[i] == 0) blocks_[i] = blocks_[shortest];
    }
    const usize fresh = start_fresh(lanes);
    const usize final = Core::kFinal != 0 && all_end(count, lanes) ? Core::kFinal : 0;
    row.run(state_, blocks_, count | fresh | final);
    usize idle = 0;
    for (usize i = 0; i < lanes; ++i) {
      if (counts_[i] == 0) continue;
      blocks_[i] += kBlock * count;
      counts_[i] -= count;
      if (counts_[i] == 0) idle += proceed(i, lanes) ? 0 : 1;
    }
    return idle;
  }

  // More blocks for a lane that has absorbed its run: of its message, or of another after it. False: none.
  template <typename Count>
  bool proceed(usize i, Count lanes) {
    set_run(i, next_run(*jobs_of_[i]));
    if (counts_[i] != 0) return true;
    sink_.finish(*jobs_of_[i]->message, state_ + i, lanes);
    return fill(i, lanes);
  }

  std::span<const Message> messages_;
  Sink& sink_;
  usize sorted_ = 0;                 // messages that have been in a window
  const Message* window_ = nullptr;  // the latest window: next_ .. ordered_ of order_ are still to begin
  usize next_ = 0;
  usize ordered_ = 0;
  u16 order_[kWindow];
  Job jobs_[kLanesMost];
  Job* waiting_[kLanesMost];  // begun by a row that gave up
  usize waiting_count_ = 0;
  // By lane.
  u32 fresh_ = 0;  // bits: begun, and its state not yet written
  Job* jobs_of_[kLanesMost];
  const u8* blocks_[kLanesMost];
  usize counts_[kLanesMost];  // blocks at blocks_; 0: the lane is idle
  alignas(64) Word state_[Core::kWords * kLanesMost];
};

}  // namespace isthmus::hash
