// The configuration of a Fabric channel: common.Config as a flat tree of groups with their values and policies
// (fabric-protos common/configtx.proto), and what its values say: capabilities, consenters, consensus.
//
// A map's key must not stand twice, whichever order its entries have. Bounded: kGroupDepthMax levels, `count_max`
// groups and items. Cost: one pass over tags and lengths.
#pragma once

#include <string_view>
#include <vector>

#include "chain/fabric_wire.hpp"

namespace isthmus::chain::fabric {

inline constexpr u32 kNoGroup = ~u32{0};
inline constexpr u32 kGroupDepthMax = 16;

// common.Policy.type.
enum class PolicyType : u32 { signature = 1, implicit_meta = 3 };

struct ConfigItem {
  Ref key;
  u64 version = 0;
  Ref mod_policy;
  Ref value;
  u32 policy_type = 0;
  bool has_policy = false;
};

struct ConfigGroup {
  Ref key;  // empty for the root
  u32 parent = kNoGroup;
  u32 depth = 0;
  u64 version = 0;
  Ref mod_policy;
  std::vector<u32> groups;  // ascending by key, as are the others
  std::vector<ConfigItem> values;
  std::vector<ConfigItem> policies;
};

struct Config {
  Ref body;
  u64 sequence = 0;
  std::vector<ConfigGroup> groups;  // [0] is the channel's group; a group stands behind its parent
};

// Reads a common.Config, or a bare ConfigGroup as `groups` of a Config without a body.
Config read_config(const Sheet& sheet, Ref ref, u32 count_max, WireError& error);
Config read_config_group(const Sheet& sheet, Ref ref, u32 count_max, WireError& error);

u32 find_group(const Sheet& sheet, const Config& config, u32 parent, std::string_view name);
const ConfigItem* find_value(const Sheet& sheet, const ConfigGroup& group, std::string_view name);
const ConfigItem* find_policy(const Sheet& sheet, const ConfigGroup& group, std::string_view name);
// The group at a path such as {"Orderer"} below the root, or kNoGroup.
u32 group_at(const Sheet& sheet, const Config& config, std::initializer_list<std::string_view> path);

// Which rules a channel's capabilities put in force (common/capabilities/channel.go).
enum class MspVersion : u8 { v1_0, v1_1, v1_3, v1_4_3, v3_0 };

struct Capabilities {
  MspVersion msp = MspVersion::v1_0;
  bool bft = false;      // V3_0: consenters sign by their number
  bool unknown = false;  // one that this reader does not know: rules that it cannot apply
};

struct Consenter {
  u32 id = 0;
  Ref msp_id;
  Ref identity;  // PEM
};

struct MspValue {
  u32 group;
  u32 type = 0;  // 0 FABRIC, 1 IDEMIX
  Ref config;    // FabricMSPConfig
};

Capabilities read_capabilities(const Sheet& sheet, const Config& config, WireError& error);
std::vector<Consenter> read_consenters(const Sheet& sheet, const Config& config, WireError& error);
// Name of the consensus: "solo", "kafka", "etcdraft", "BFT"; empty when the config has none.
std::string_view consensus_type(const Sheet& sheet, const Config& config, WireError& error);
// Of every organisation of the groups Orderer, Application and Consortiums/*.
std::vector<MspValue> read_msp_values(const Sheet& sheet, const Config& config, WireError& error);

}  // namespace isthmus::chain::fabric
