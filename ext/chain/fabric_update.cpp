#include "chain/fabric_update.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace isthmus::chain::fabric {
namespace {

using claim::Kind;

constexpr usize kIdLenMax = 249;
constexpr std::string_view kOrdererCapabilities = "V/Channel/Orderer/Capabilities";

// A group, value or policy of a config. `group` is the group itself, or the one that holds the item.
struct Element {
  const Config* config = nullptr;
  u32 group = 0;
  const ConfigItem* item = nullptr;  // null for a group

  u64 version() const { return item != nullptr ? item->version : config->groups[group].version; }
  Ref mod_policy() const { return item != nullptr ? item->mod_policy : config->groups[group].mod_policy; }
};

// Elements by kind and path: "G/Channel/Orderer", "V/Channel/Capabilities", "P/Channel/Application/Admins".
using Elements = std::map<std::string, Element, std::less<>>;

// The kind and the path of an element.
std::string key_of(char kind, std::string_view path) {
  std::string key(1, kind);
  return key.append(path);
}

std::string join(std::string_view path, std::string_view name) {
  std::string joined(path);
  return joined.append(1, '/').append(name);
}

// What a name in a config may be (configtx.validateConfigID).
bool id_allowed(std::string_view id) {
  if (id.empty() || id.size() > kIdLenMax || id == "." || id == "..") return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

bool mod_policy_allowed(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const usize slash = path.find('/');
    if (!id_allowed(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

class Mapper {
 public:
  // A config without groups, which a message that is absent is, has no elements.
  Mapper(const Sheet& sheet, const Config& config) : sheet_(sheet), config_(config) {
    if (!config.groups.empty()) map(0, "/Channel");
  }

  Elements elements;
  bool names_allowed = true;

 private:
  void map(u32 group, const std::string& path) {
    const ConfigGroup& here = config_.groups[group];
    elements[key_of('G', path)] = {&config_, group, nullptr};
    for (const ConfigItem& item : here.values) elements[key_of('V', child(path, item.key))] = {&config_, group, &item};
    for (const ConfigItem& item : here.policies) {
      elements[key_of('P', child(path, item.key))] = {&config_, group, &item};
    }
    for (const u32 below : here.groups) map(below, child(path, config_.groups[below].key));
  }

  std::string child(const std::string& path, Ref key) {
    const std::string_view name = text_of(sheet_, key);
    names_allowed &= id_allowed(name);
    return join(path, name);
  }

  const Sheet& sheet_;
  const Config& config_;
};

// The path of an element's group, from its own path "V/Channel/Orderer/BatchSize".
std::string group_key(const std::string& key) {
  return key[0] == 'G' ? key : key_of('G', std::string_view(key).substr(1, key.rfind('/') - 1));
}

// The old elements with the changed ones over them, against the new config. In channels with orderer capabilities an
// empty mod_policy becomes "Admins" when a config is written again (FAB-5309, FAB-6080).
class Comparison {
 public:
  Comparison(const Sheet& sheet, const Elements& before, const Elements& changed, const Config& after)
      : sheet_(sheet), before_(before), changed_(changed), after_(after) {
    fills_ = find(kOrdererCapabilities) != nullptr;
  }

  bool same(u32 after_group, const std::string& path) const {
    const ConfigGroup& new_group = after_.groups[after_group];
    const Element* element = find(key_of('G', path));
    if (element == nullptr) return false;
    const ConfigGroup& old_group = element->config->groups[element->group];
    if (old_group.version != new_group.version || !same_policy(old_group.mod_policy, new_group.mod_policy))
      return false;
    return same_items('V', path, old_group.values, new_group.values) &&
           same_items('P', path, old_group.policies, new_group.policies) &&
           same_groups(*element->config, old_group, new_group, path);
  }

 private:
  const Element* find(std::string_view key) const {
    for (const Elements* elements : {&changed_, &before_}) {
      const auto at = elements->find(key);
      if (at != elements->end()) return &at->second;
    }
    return nullptr;
  }

  bool same_policy(Ref old_policy, Ref new_policy) const {
    if (fills_ && old_policy.len() == 0) return is_text(sheet_, new_policy, "Admins");
    return same_bytes(sheet_, old_policy, new_policy);
  }

  // Both lists are in order of their keys.
  bool same_items(char kind, const std::string& path, const std::vector<ConfigItem>& old_items,
                  const std::vector<ConfigItem>& new_items) const {
    if (old_items.size() != new_items.size()) return false;
    for (usize i = 0; i < new_items.size(); ++i) {
      const ConfigItem& wanted = new_items[i];
      if (!same_bytes(sheet_, old_items[i].key, wanted.key)) return false;
      const Element* element = find(key_of(kind, join(path, text_of(sheet_, wanted.key))));
      if (element == nullptr || element->item == nullptr) return false;
      const ConfigItem& item = *element->item;
      const bool equal = item.version == wanted.version && item.policy_type == wanted.policy_type &&
                         item.has_policy == wanted.has_policy && same_bytes(sheet_, item.value, wanted.value) &&
                         same_policy(item.mod_policy, wanted.mod_policy);
      if (!equal) return false;
    }
    return true;
  }

  bool same_groups(const Config& old_config, const ConfigGroup& old_group, const ConfigGroup& new_group,
                   const std::string& path) const {
    if (old_group.groups.size() != new_group.groups.size()) return false;
    for (usize i = 0; i < new_group.groups.size(); ++i) {
      const Ref key = after_.groups[new_group.groups[i]].key;
      if (!same_bytes(sheet_, old_config.groups[old_group.groups[i]].key, key)) return false;
      if (!same(new_group.groups[i], join(path, text_of(sheet_, key)))) return false;
    }
    return true;
  }

  const Sheet& sheet_;
  const Elements& before_;
  const Elements& changed_;
  const Config& after_;
  bool fills_ = false;
};

struct Update {
  Ref body;  // what is signed
  Ref channel_id;
  Config read_set;
  Config write_set;
  std::vector<MetadataSignature> signatures;
};

// An Envelope of type CONFIG_UPDATE whose data is ConfigUpdateEnvelope {1: config_update, 2: signatures}; ConfigUpdate
// {1: channel_id, 2: read_set, 3: write_set, 5: isolated_data}.
Update read_update(const Sheet& sheet, Ref last_update, u32 count_max, WireError& error) {
  Update update;
  const Envelope envelope = read_envelope(sheet, last_update, false, error);
  const Payload payload = read_payload(sheet, envelope.payload, error);
  const ChannelHeader header = read_channel_header(sheet, payload.channel_header, error);
  if (!error.failed() && header.type != static_cast<u32>(TxType::config_update)) {
    error.set(Code::fabric_tx_type, payload.channel_header.off);
  }
  // ConfigUpdateEnvelope has the shape of Metadata: a value, then {signature_header, signature}.
  const Metadata signed_update = read_metadata(sheet, payload.data, count_max, error);
  update.body = signed_update.value;
  update.signatures = signed_update.signatures;
  Ref read_set, write_set;
  ProtobufReader reader = reader_of(sheet, update.body, error, loose(wire::field_bit(5)));
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        update.channel_id = take(reader, update.body.space());
        break;
      case 2:
        read_set = take(reader, update.body.space());
        break;
      case 3:
        write_set = take(reader, update.body.space());
        break;
      case 5:
        break;
      default:
        reader.unknown();
    }
  }
  if (reader.has(2)) update.read_set = read_config_group(sheet, read_set, count_max, error);
  if (reader.has(3)) update.write_set = read_config_group(sheet, write_set, count_max, error);
  return update;
}

bool read_set_current(const Elements& read, const Elements& before) {
  return std::all_of(read.begin(), read.end(), [&](const auto& entry) {
    const auto at = before.find(entry.first);
    return at != before.end() && at->second.version() == entry.second.version();
  });
}

// What the write set says beyond the read set.
Elements changes(const Elements& read, const Elements& write) {
  Elements changed;
  for (const auto& [key, element] : write) {
    const auto at = read.find(key);
    if (at == read.end() || at->second.version() != element.version()) changed.emplace(key, element);
  }
  return changed;
}

}  // namespace

void state_update(Sheet& sheet, NodeId node, Ref channel_id, const Config& before, const Config& after, Ref last_update,
                  u32 count_max, People& people, Policies& policies) {
  const u32 off = last_update.off;
  WireError error;
  const Update update = read_update(sheet, last_update, count_max, error);
  if (error.failed()) return note_wire_error(sheet, node, error);
  if (!same_bytes(sheet, update.channel_id, channel_id)) return sheet.fail(node, Code::fabric_channel, off);

  const Mapper old_map(sheet, before), read_map(sheet, update.read_set), write_map(sheet, update.write_set);
  if (!read_map.names_allowed || !write_map.names_allowed) return sheet.fail(node, Code::fabric_update_name, off);
  if (!read_set_current(read_map.elements, old_map.elements)) return sheet.fail(node, Code::fabric_update_version, off);
  const Elements changed = changes(read_map.elements, write_map.elements);
  if (changed.empty()) return sheet.fail(node, Code::fabric_update_empty, off);

  SignatureSet set(sheet, people, node, Kind::signer);
  for (u32 i = 0; i < update.signatures.size() && sheet.within_limits(); ++i) {
    const MetadataSignature& signature = update.signatures[i];
    const SignatureHeader header = read_signature_header(sheet, signature.header, error);
    if (error.failed()) return note_wire_error(sheet, node, error);
    const Ref message[] = {signature.header, update.body};
    set.add(i, people.find(header.creator), signature.signature, message, signature.header.off);
  }

  std::set<std::pair<u32, std::string_view>> stated;
  for (const auto& [key, element] : changed) {
    const std::string_view new_policy = text_of(sheet, element.mod_policy());
    if (!mod_policy_allowed(new_policy)) return sheet.fail(node, Code::fabric_update_name, off);
    const auto at = old_map.elements.find(key);
    if (at == old_map.elements.end()) {
      if (element.version() != 0) return sheet.fail(node, Code::fabric_update_version, off);
      continue;
    }
    if (element.version() != at->second.version() + 1) return sheet.fail(node, Code::fabric_update_version, off);
    // The policy that is in force now, from where the element stands now.
    const std::string_view name = text_of(sheet, at->second.mod_policy());
    const u32 group = old_map.elements.at(group_key(key)).group;
    if (!stated.insert({group, name}).second) continue;
    policies.state(node, static_cast<u32>(stated.size() - 1), group, name, set);
  }
  if (!Comparison(sheet, old_map.elements, changed, after).same(0, "/Channel")) {
    sheet.fail(node, Code::fabric_update_result, off);
  }
}

}  // namespace isthmus::chain::fabric
