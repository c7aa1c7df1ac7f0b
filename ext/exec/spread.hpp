// A pool as the Merkle room takes threads.
#pragma once

#include "exec/pool.hpp"
#include "merkle/merkle.hpp"

namespace isthmus::exec {

// The pool must outlive it.
inline merkle::Spread spread_over(Pool& pool) {
  return [&pool](usize count, const std::function<void(usize)>& job) { pool.run(count, job); };
}

}  // namespace isthmus::exec
