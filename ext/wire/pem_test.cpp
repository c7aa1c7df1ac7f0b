#include "wire/pem.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace isthmus;

namespace {

// What the block of `text` holds, or "-" where there is none.
std::string read(std::string_view text, std::string* type = nullptr) {
  wire::PemBlock block;
  if (!wire::pem_block(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()), block)) return "-";
  if (type != nullptr) *type = std::string(block.type);
  return std::string(block.bytes.begin(), block.bytes.end());
}

}  // namespace

TEST_CASE("PEM: what encoding/pem takes") {
  std::string type;
  CHECK(read("-----BEGIN X Y-----\naGk=\n-----END X Y-----\n", &type) == "hi");
  CHECK(type == "X Y");
  CHECK(read("-----BEGIN X-----\naGk=\n-----END X-----") == "hi");  // no line end
  CHECK(read("-----BEGIN X-----\r\naG\r\nk=\r\n-----END X-----\r\n") == "hi");
  CHECK(read("-----BEGIN X-----  \n a G\tk =\n-----END X----- \t\n") == "hi");
  CHECK(read("text before\n-----BEGIN X-----\naGk=\n-----END X-----\ntext behind") == "hi");
  CHECK(read("-----BEGIN -----\naGk=\n-----END -----\n", &type) == "hi");
  CHECK(type.empty());
  CHECK(read("-----BEGIN X-----\nA: b\nC: d\n\naGk=\n-----END X-----\n") == "hi");
  CHECK(read("-----BEGIN X-----\n-----END X-----\n").empty());
  CHECK(read("-----BEGIN X-----\naGl=\n-----END X-----\n") == "hi");  // bits that the padding leaves over
  CHECK(read("-----BEGIN X-----\nbad\n-----END X-----\n-----BEGIN X-----\naGk=\n-----END X-----\n") == "hi");
}

TEST_CASE("PEM: what encoding/pem refuses") {
  for (const std::string_view bad :
       {"", "aGk=", " -----BEGIN X-----\naGk=\n-----END X-----\n", "-----BEGIN X----\naGk=\n-----END X-----\n",
        "-----BEGIN X-----\naGk=\n-----END Y-----\n", "-----BEGIN X-----\naGk=-----END X-----\n",
        "-----BEGIN X-----\naGk\n-----END X-----\n", "-----BEGIN X-----\na===\n-----END X-----\n",
        "-----BEGIN X-----\naGk=a\n-----END X-----\n", "-----BEGIN X-----\naG-k\n-----END X-----\n",
        "-----BEGIN X-----\naGk=\n-----END X-----x\n", "-----BEGIN X-----\naGk=\n-----END X",
        "-----BEGIN X-----\nA: b\n-----END X-----\n", "-----BEGIN X-----\n", "-----BEGIN X-----"}) {
    CAPTURE(bad);
    CHECK(read(bad) == "-");
  }
}

TEST_CASE("PEM: hostile text is bounded") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "-----BEGIN X-----\n";
  CHECK(read(text + "aGk=\n-----END X-----\n") == "-");
}
