// Something large and constant that is made at first use, without a lock.
//
// A static local would do but for fork: a child that was copied while another thread was making the object waits for
// that thread for ever, and it has no such thread. Here whoever finds nothing makes one, and the first to be done
// publishes it; the others throw theirs away. At worst several threads spend the same few milliseconds.
#pragma once

#include <atomic>
#include <memory>

namespace isthmus {

// The one object that make() made; it lives until the process ends. `slot` starts as null.
template <class T, class Make>
const T& made_once(std::atomic<const T*>& slot, Make&& make) {
  if (const T* ready = slot.load(std::memory_order_acquire)) return *ready;
  std::unique_ptr<const T> mine = make();
  const T* first = nullptr;
  if (slot.compare_exchange_strong(first, mine.get(), std::memory_order_acq_rel)) first = mine.release();
  return *first;
}

}  // namespace isthmus
