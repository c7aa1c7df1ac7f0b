#include "chain/fabric_config.hpp"

#include <algorithm>

namespace isthmus::chain::fabric {
namespace {

constexpr u64 kGroupRepeated = wire::field_bit(2) | wire::field_bit(3) | wire::field_bit(4);

// An entry of a protobuf map: {1: key, 2: value}.
struct Entry {
  Ref key;
  Ref value;
};

Entry take_entry(const Sheet& sheet, ProtobufReader& reader, Space space, WireError& error) {
  Entry entry;
  const u64 off = reader.off();
  Ref* const fields[] = {&entry.key, &entry.value};
  read_pieces(sheet, take(reader, space), error, fields);
  if (entry.key.len() == 0) error.set(Code::field_missing, off);
  return entry;
}

ConfigItem read_item(const Sheet& sheet, const Entry& entry, bool is_policy, WireError& error) {
  ConfigItem item;
  item.key = entry.key;
  ProtobufReader reader = reader_of(sheet, entry.value, error);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        item.version = reader.as_u64();
        break;
      case 2:
        item.value = take(reader, entry.value.space());
        item.has_policy = true;
        break;
      case 3:
        item.mod_policy = take(reader, entry.value.space());
        break;
      default:
        reader.unknown();
    }
  }
  if (!is_policy || error.failed()) return item;
  ProtobufReader policy = reader_of(sheet, item.value, error);
  Ref value;
  while (policy.next()) {
    switch (policy.number()) {
      case 1:
        item.policy_type = static_cast<u32>(policy.as_i32());
        break;
      case 2:
        value = take(policy, item.value.space());
        break;
      default:
        policy.unknown();
    }
  }
  item.value = value;
  return item;
}

bool key_less(const Sheet& sheet, Ref left, Ref right) { return text_of(sheet, left) < text_of(sheet, right); }

// Sorts by key and refuses a key that stands twice.
template <typename List, typename KeyOf>
void order(const Sheet& sheet, List& list, const KeyOf& key_of, WireError& error) {
  std::sort(list.begin(), list.end(),
            [&](const auto& left, const auto& right) { return key_less(sheet, key_of(left), key_of(right)); });
  for (usize i = 1; i < list.size(); ++i) {
    if (same_bytes(sheet, key_of(list[i - 1]), key_of(list[i]))) error.set(Code::field_repeated, key_of(list[i]).off);
  }
}

class GroupReader {
 public:
  GroupReader(const Sheet& sheet, u32 count_max, Config& config, WireError& error)
      : sheet_(sheet), left_(count_max), config_(config), error_(error) {}

  u32 read(Ref key, Ref body, u32 parent, u32 depth) {
    const u32 made = static_cast<u32>(config_.groups.size());
    config_.groups.push_back({});
    config_.groups[made].key = key;
    config_.groups[made].parent = parent;
    config_.groups[made].depth = depth;
    if (depth == kGroupDepthMax) error_.set(Code::length_out_of_range, body.off);
    ProtobufReader reader = reader_of(sheet_, body, error_, loose(kGroupRepeated));
    while (reader.next()) take_field(reader, body.space(), made);
    const auto key_of_group = [&](u32 group) { return config_.groups[group].key; };
    const auto key_of_item = [](const ConfigItem& item) { return item.key; };
    order(sheet_, config_.groups[made].groups, key_of_group, error_);
    order(sheet_, config_.groups[made].values, key_of_item, error_);
    order(sheet_, config_.groups[made].policies, key_of_item, error_);
    return made;
  }

 private:
  void take_field(ProtobufReader& reader, Space space, u32 made) {
    switch (reader.number()) {
      case 1:
        config_.groups[made].version = reader.as_u64();
        return;
      case 2: {
        if (!admit(reader)) return;
        const Entry entry = take_entry(sheet_, reader, space, error_);
        if (error_.failed()) return;
        const u32 child = read(entry.key, entry.value, made, config_.groups[made].depth + 1);
        config_.groups[made].groups.push_back(child);
        return;
      }
      case 3:
      case 4: {
        if (!admit(reader)) return;
        const bool is_policy = reader.number() == 4;
        const ConfigItem item = read_item(sheet_, take_entry(sheet_, reader, space, error_), is_policy, error_);
        (is_policy ? config_.groups[made].policies : config_.groups[made].values).push_back(item);
        return;
      }
      case 5:
        config_.groups[made].mod_policy = take(reader, space);
        return;
      default:
        reader.unknown();
    }
  }

  bool admit(ProtobufReader& reader) {
    if (left_ == 0) reader.refuse(Code::limit_exceeded);
    if (left_ == 0) return false;
    --left_;
    return true;
  }

  const Sheet& sheet_;
  u32 left_;
  Config& config_;
  WireError& error_;
};

const ConfigItem* find_item(const Sheet& sheet, const std::vector<ConfigItem>& items, std::string_view name) {
  for (const ConfigItem& item : items) {
    if (is_text(sheet, item.key, name)) return &item;
  }
  return nullptr;
}

Consenter read_consenter(const Sheet& sheet, Ref body, WireError& error) {
  Consenter consenter;
  ProtobufReader reader = reader_of(sheet, body, error);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        consenter.id = reader.as_u32();
        break;
      case 3:  // port
        reader.as_u32();
        break;
      case 4:
        consenter.msp_id = take(reader, body.space());
        break;
      case 5:
        consenter.identity = take(reader, body.space());
        break;
      case 2:  // host
      case 6:  // TLS certificates
      case 7:
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return consenter;
}

void apply(Capabilities& all, std::string_view name) {
  const auto at_least = [&](MspVersion version) { all.msp = std::max(all.msp, version); };
  if (name == "V1_1") return at_least(MspVersion::v1_1);
  if (name == "V1_3" || name == "V1_4_2") return at_least(MspVersion::v1_3);
  if (name == "V1_4_3" || name == "V2_0") return at_least(MspVersion::v1_4_3);
  all.unknown |= name != "V3_0";
  all.bft |= name == "V3_0";
  if (name == "V3_0") at_least(MspVersion::v3_0);
}

}  // namespace

Config read_config_group(const Sheet& sheet, Ref ref, u32 count_max, WireError& error) {
  Config config;
  GroupReader(sheet, count_max, config, error).read(Ref{}, ref, kNoGroup, 0);
  return config;
}

Config read_config(const Sheet& sheet, Ref ref, u32 count_max, WireError& error) {
  u64 sequence = 0;
  Ref group;
  ProtobufReader reader = reader_of(sheet, ref, error);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        sequence = reader.as_u64();
        break;
      case 2:
        group = take(reader, ref.space());
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  Config config = read_config_group(sheet, group, count_max, error);
  config.body = ref;
  config.sequence = sequence;
  return config;
}

u32 find_group(const Sheet& sheet, const Config& config, u32 parent, std::string_view name) {
  for (const u32 group : config.groups[parent].groups) {
    if (is_text(sheet, config.groups[group].key, name)) return group;
  }
  return kNoGroup;
}

const ConfigItem* find_value(const Sheet& sheet, const ConfigGroup& group, std::string_view name) {
  return find_item(sheet, group.values, name);
}

const ConfigItem* find_policy(const Sheet& sheet, const ConfigGroup& group, std::string_view name) {
  return find_item(sheet, group.policies, name);
}

u32 group_at(const Sheet& sheet, const Config& config, std::initializer_list<std::string_view> path) {
  u32 at = 0;
  for (const std::string_view name : path) {
    at = find_group(sheet, config, at, name);
    if (at == kNoGroup) break;
  }
  return at;
}

Capabilities read_capabilities(const Sheet& sheet, const Config& config, WireError& error) {
  Capabilities all;
  const ConfigItem* value = find_value(sheet, config.groups[0], "Capabilities");
  if (value == nullptr) return all;
  ProtobufReader reader = reader_of(sheet, value->value, error, loose(wire::field_bit(1)));
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
      continue;
    }
    const Entry entry = take_entry(sheet, reader, value->value.space(), error);
    if (!error.failed()) apply(all, text_of(sheet, entry.key));
  }
  return all;
}

std::vector<Consenter> read_consenters(const Sheet& sheet, const Config& config, WireError& error) {
  std::vector<Consenter> all;
  const u32 orderer = group_at(sheet, config, {"Orderer"});
  const ConfigItem* value = orderer == kNoGroup ? nullptr : find_value(sheet, config.groups[orderer], "Orderers");
  if (value == nullptr) return all;
  ProtobufReader reader = reader_of(sheet, value->value, error, loose(wire::field_bit(1)));
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
      continue;
    }
    all.push_back(read_consenter(sheet, take(reader, value->value.space()), error));
  }
  return all;
}

std::string_view consensus_type(const Sheet& sheet, const Config& config, WireError& error) {
  const u32 orderer = group_at(sheet, config, {"Orderer"});
  const ConfigItem* value = orderer == kNoGroup ? nullptr : find_value(sheet, config.groups[orderer], "ConsensusType");
  if (value == nullptr) return {};
  Ref type;
  ProtobufReader reader = reader_of(sheet, value->value, error);
  while (reader.next()) {
    if (reader.number() == 1) {
      type = take(reader, value->value.space());
    } else if (reader.number() > 4) {  // metadata, migration state and context
      reader.unknown();
    }
  }
  return text_of(sheet, type);
}

std::vector<MspValue> read_msp_values(const Sheet& sheet, const Config& config, WireError& error) {
  std::vector<MspValue> all;
  for (u32 g = 0; g < config.groups.size(); ++g) {
    const ConfigItem* value = find_value(sheet, config.groups[g], "MSP");
    if (value == nullptr) continue;
    MspValue msp{g, 0, {}};
    ProtobufReader reader = reader_of(sheet, value->value, error);
    while (reader.next()) {
      switch (reader.number()) {
        case 1:
          msp.type = static_cast<u32>(reader.as_i32());
          break;
        case 2:
          msp.config = take(reader, value->value.space());
          break;
        default:
          reader.unknown();
      }
    }
    all.push_back(msp);
  }
  return all;
}

}  // namespace isthmus::chain::fabric
