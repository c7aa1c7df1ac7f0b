// What must hold for one input to spend its output: the standard templates as claims.
//
// Templates: P2PK, P2PKH and bare multisig; the same three behind P2SH and behind P2WSH, native or in P2SH; P2WPKH,
// native or in P2SH; P2TR key path; P2TR script path with one leaf, at the root of the tree, that only checks
// signatures (TapTemplate). Everything else is `bitcoin_script_not_template`, undecided: counted, never valid. An input
// is called invalid only where the reference node refuses it whatever the rest of the script does.
//
// Without the spent output an input that reveals its key or script is checked against the script rebuilt from it
// (P2PKH; P2SH of multisig, P2PK, P2PKH). That shows that the revealed key signed, not that the output demanded that
// key.
//
// Signatures of witness v0 and before pass through the tolerant DER parser, like in the reference node; hybrid keys and
// high s are accepted. Cost: one signature or multisig row, one to three hash rows and about 100 bytes of text per
// input.
#pragma once

#include <vector>

#include "chain/bitcoin_script.hpp"
#include "chain/bitcoin_sighash.hpp"

namespace isthmus::chain::bitcoin {

class SpendStater {
 public:
  SpendStater(claim::Sheet& sheet, const TxSet& set, const ScriptRules& rules)
      : sheet_(sheet), set_(set), rules_(rules), literals_(sheet), digests_(sheet, literals_, set) {}

  // Turns to a transaction. `prevouts`: one per input, some perhaps not known; alive until the next begin().
  void begin(const Tx& tx, std::span<const Prevout> prevouts);

  // States everything about the input's script at `node`.
  void state(claim::NodeId node, u32 input);

 private:
  using Ref = claim::Ref;

  // Something on the stack before the last script runs.
  struct Item {
    Ref ref;
    Bytes bytes;
  };

  // The script that checks the signatures.
  struct Checker {
    Template shape;
    Bytes bytes;              // empty when rebuilt around a hash
    std::vector<Ref> pieces;  // legacy: without its length
    u32 len = 0;
    Ref serialised;  // witness v0: behind its length
    bool v0 = false;
    bool rebuilt = false;  // the spent output is not known
  };

  struct Signature {
    Ref compact;  // r || s
    u32 hash_type;
  };

  enum class Pushes : u8 { all, fails, other };

  Pushes run_pushes(const TxIn& in);
  void state_known(const Prevout& prevout);
  void state_rebuilt();
  void state_script_hash(const Prevout& prevout, const Template& shape);
  void state_nested_witness(const Item& redeem, u8 version, Bytes program);
  void state_key_program(Ref program, Bytes program_bytes);
  void state_script_program(Ref program);
  void state_taproot(Ref program);
  void state_key_path(Ref program, const WitnessItem& item, Ref annex);
  void state_script_path(Ref program, const WitnessItem& script, const WitnessItem& control, u32 below, Ref annex);
  void state_tapscript(Ref leaf, const WitnessItem& script, const TapTemplate& shape, Ref annex);
  bool read_schnorr(const WitnessItem& item, Ref& sig, u8& hash_type);

  void evaluate(Checker& checker, std::span<const Item> stack);
  void evaluate_key(Checker& checker, const Item& sig_item, const Item& key);
  void evaluate_multisig(Checker& checker, std::span<const Item> stack);
  bool enough(const Checker& checker, usize items, usize need);
  bool read_signature(const Checker& checker, const Item& item, Signature& out);
  Ref digest(const Checker& checker, u32 hash_type);
  bool deletable(const Checker& checker, Bytes sig) const;

  void fail(Code code);
  void undecided(Code code);
  void refuse(const Checker& checker, Code why);
  void require(const Checker& checker, Code why, claim::ClaimId claim);
  Item item_of(const WitnessItem& item) const;
  Item item_at(u32 off, u32 len) const { return {sheet_.input(off, len), set_.bytes.subspan(off, len)}; }

  claim::Sheet& sheet_;
  const TxSet& set_;
  ScriptRules rules_;
  Literals literals_;
  TxDigests digests_;
  const Tx* tx_ = nullptr;
  std::span<const Prevout> prevouts_;
  bool prevouts_complete_ = false;
  claim::NodeId node_ = 0;
  u32 input_ = 0;
  const TxIn* in_ = nullptr;
  std::vector<Item> stack_;
};

}  // namespace isthmus::chain::bitcoin
