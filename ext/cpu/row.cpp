// Words of a row report; see row.hpp.
#include "cpu/row.hpp"

namespace isthmus::cpu {

const char* name_of(RowState state) {
  switch (state) {
    case RowState::chosen:
      return "chosen";
    case RowState::usable:
      return "usable";
    case RowState::missing:
      return "missing";
    case RowState::cleared:
      return "cleared";
    case RowState::failed:
      return "failed";
  }
  return "?";
}

std::string reason_of(RowState state, u32 needs, u32 count_min, Features have) {
  switch (state) {
    case RowState::missing:
      return "the CPU or the system lacks " + names_of(needs & ~have.hardware);
    case RowState::cleared:
      return "ISTHMUS_CPU_CLEAR removed " + names_of(needs & have.cleared);
    case RowState::failed:
      return "known answers came out wrong";
    case RowState::chosen:
    case RowState::usable:
      break;
  }
  const std::string role = state == RowState::chosen ? "best row here" : "after better rows";
  if (count_min <= 1) return role;
  return role + ", from " + std::to_string(count_min) + " items on";
}

}  // namespace isthmus::cpu
