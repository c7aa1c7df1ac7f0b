// Whether a channel's new configuration is one that the old one allows: the rules by which orderers and peers accept a
// config update (common/configtx/{validator,update,configmap,compare}.go).
//
// Checked: the update is for this channel; everything that it says to have read has its version in the old config;
// everything that it changes exists and has the next version, or is new with version 0; for each change the old
// element's mod_policy is satisfied by those who signed the update; and the old config with these changes is the new
// one exactly. So a quorum of orderers cannot hand out a config that the members did not sign. Cost: both configs are
// mapped by path once.
#pragma once

#include "chain/fabric_policy.hpp"

namespace isthmus::chain::fabric {

// States the rules at `node` for the update `last_update` (an Envelope) that leads from `before` to `after`.
void state_update(Sheet& sheet, NodeId node, Ref channel_id, const Config& before, const Config& after, Ref last_update,
                  u32 count_max, People& people, Policies& policies);

}  // namespace isthmus::chain::fabric
