// Quorum certificates of TBFT and MaxBFT; see chainmaker_parse.hpp.
#include "chain/chainmaker_parts.hpp"

namespace isthmus::chain::chainmaker {
namespace {

constexpr u64 kVoteRepeated = field_bit(7);

Vote read_tbft_vote(ProtobufReader reader, Ref body, const ParseContext& context) {
  Vote vote;
  vote.body = body;
  vote.signed_[0] = body;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        vote.type = take_u31(reader);
        break;
      case 2:
        vote.voter = take(reader);
        break;
      case 3:
        vote.height = take_height(reader, context.format);
        break;
      case 4:
        vote.round = take_u31(reader);
        break;
      case 5:
        vote.hash = take(reader);
        break;
      case 6: {
        const ProtobufReader nested = reader.as_message();
        vote.endorsement = read_signed(nested, reader.off(), context.format);
        vote.signed_[0] = between(body.off, reader.off());
        vote.signed_[1] = between(reader.end_off(), body.off + body.len());
        break;
      }
      case 7:
        if (context.format != Format::v2) reader.unknown();
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return vote;
}

// An entry of the map: voter's name, vote.
Vote read_tbft_entry(ProtobufReader reader, const ParseContext& context) {
  Vote vote;
  Ref name;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        name = take(reader);
        break;
      case 2: {
        const ProtobufReader nested = reader.as_message(kVoteRepeated);
        vote = read_tbft_vote(nested, body_of(reader, nested), context);
        vote.off = reader.off();
        break;
      }
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  vote.name = name;
  return vote;
}

Vote read_maxbft_vote(ProtobufReader reader, Ref body, const ParseContext& context) {
  Vote vote;
  vote.body = body;
  vote.signed_[0] = body;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        vote.hash = take(reader);
        break;
      case 2:
        vote.height = reader.as_u64();
        break;
      case 3:
        vote.round = reader.as_u64();
        break;
      case 4:
        vote.voter = take(reader);
        break;
      case 5:
        vote.epoch = reader.as_u64();
        break;
      case 6:
        vote.signed_[0] = between(body.off, reader.off());
        vote.endorsement = take_signed(reader, context.format);
        break;
      default:
        reader.unknown();
    }
  }
  vote.name = vote.voter;
  return vote;
}

}  // namespace

Certificate read_tbft(ProtobufReader reader, const ParseContext& context) {
  Certificate certificate;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        certificate.type = take_u31(reader);
        break;
      case 2:
        certificate.height = take_height(reader, context.format);
        break;
      case 3:
        certificate.round = take_u31(reader);
        break;
      case 4:
        take_height(reader, context.format);
        break;
      case 5:
        certificate.majority = take(reader);
        break;
      case 6:
        if (is_full(reader, certificate.votes, context)) break;
        certificate.votes.push_back(read_tbft_entry(reader.as_message(), context));
        break;
      case 7:
        // votes_by_block tells the same votes again; the tally is made from field 6 alone, as a node does.
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return certificate;
}

Certificate read_maxbft(ProtobufReader reader, const ParseContext& context) {
  Certificate certificate;
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
      continue;
    }
    if (is_full(reader, certificate.votes, context)) continue;
    const ProtobufReader nested = reader.as_message();
    Vote vote = read_maxbft_vote(nested, body_of(reader, nested), context);
    vote.off = reader.off();
    certificate.votes.push_back(vote);
  }
  return certificate;
}

u64 read_view(ProtobufReader reader, const ParseContext&) {
  u64 view = 0;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        reader.as_i64();
        break;
      case 2:
        reader.as_u64();
        break;
      case 3:
        view = reader.as_u64();
        break;
      case 4:
        reader.as_message();
        break;
      default:
        reader.unknown();
    }
  }
  return view;
}

}  // namespace isthmus::chain::chainmaker
