#include "chain/fabric_wire.hpp"

#include <algorithm>

namespace isthmus::chain::fabric {
namespace {

constexpr usize kVarintLenMax = 10;

// The reader of a block file's record: varints and byte strings behind their lengths.
class RecordReader {
 public:
  RecordReader(Bytes bytes, WireError& error) : bytes_(bytes), error_(error) {}

  usize left() const { return error_.failed() ? 0 : bytes_.size() - at_; }
  usize at() const { return at_; }

  u64 number() {
    u64 value = 0;
    for (usize i = 0; i < kVarintLenMax && !error_.failed(); ++i) {
      if (at_ + i >= bytes_.size()) return fail(Code::truncated);
      const u8 byte = bytes_[at_ + i];
      if (i == kVarintLenMax - 1 && byte > 1) break;
      value |= static_cast<u64>(byte & 0x7f) << (7 * i);
      if (byte & 0x80) continue;
      if (i > 0 && byte == 0) return fail(Code::not_canonical);
      at_ += i + 1;
      return value;
    }
    return fail(Code::field_value);
  }

  Ref bytes() {
    const u64 len = number();
    if (error_.failed()) return {};
    if (len > bytes_.size() - at_) {
      fail(Code::truncated);
      return {};
    }
    at_ += static_cast<usize>(len);
    return Ref::make(Space::input, at_ - static_cast<usize>(len), static_cast<usize>(len));
  }

  std::vector<Ref> run(u32 count_max) {
    const u64 count = number();
    std::vector<Ref> all;
    if (count > left()) fail(Code::truncated);
    if (count > count_max) fail(Code::limit_exceeded);
    for (u64 i = 0; i < count && !error_.failed(); ++i) all.push_back(bytes());
    return all;
  }

  u64 fail(Code code) {
    error_.set(code, at_);
    return 0;
  }

 private:
  Bytes bytes_;
  WireError& error_;
  usize at_ = 0;
};

Block read_record(Bytes input, u32 count_max, WireError& error) {
  RecordReader reader(input, error);
  Block block;
  block.header.number = reader.number();
  block.header.data_hash = reader.bytes();
  block.header.previous_hash = reader.bytes();
  block.data = reader.run(count_max);
  block.slots = reader.run(count_max);
  if (reader.left() != 0) reader.fail(Code::trailing_bytes);
  return block;
}

Header read_header(ProtobufReader reader, Space space) {
  Header header;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        header.number = reader.as_u64();
        break;
      case 2:
        header.previous_hash = take(reader, space);
        break;
      case 3:
        header.data_hash = take(reader, space);
        break;
      default:
        reader.unknown();
    }
  }
  return header;
}

// BlockData and BlockMetadata: field 1, repeated bytes.
std::vector<Ref> read_run(ProtobufReader reader, Space space, u32 count_max) {
  std::vector<Ref> all;
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
    } else if (all.size() == count_max) {
      reader.refuse(Code::limit_exceeded);
    } else {
      all.push_back(take(reader, space));
    }
  }
  return all;
}

u8* put_der_length(u8* out, usize len) {
  if (len < 0x80) {
    *out++ = static_cast<u8>(len);
    return out;
  }
  u8 bytes = 0;
  for (usize rest = len; rest != 0; rest >>= 8) ++bytes;
  *out++ = static_cast<u8>(0x80 | bytes);
  for (u8 i = bytes; i-- > 0;) *out++ = static_cast<u8>(len >> (8 * i));
  return out;
}

void append_der(std::vector<u8>& out, u8 tag, Bytes body) {
  u8 head[12] = {tag};
  out.insert(out.end(), head, put_der_length(head + 1, body.size()));
  out.insert(out.end(), body.begin(), body.end());
}

void append_der_number(std::vector<u8>& out, u64 number) {
  u8 raw[9] = {};
  store_be32(raw + 1, static_cast<u32>(number >> 32));
  store_be32(raw + 5, static_cast<u32>(number));
  usize first = 1;
  while (first < 8 && raw[first] == 0) ++first;
  // A leading zero keeps the number positive.
  if ((raw[first] & 0x80) != 0) --first;
  append_der(out, 0x02, Bytes(raw + first, 9 - first));
}

Ref state_sequence(Sheet& sheet, const std::vector<u8>& body) {
  std::vector<u8> out;
  out.reserve(body.size() + 8);
  append_der(out, 0x30, body);
  return sheet.text(out);
}

}  // namespace

ProtobufReader reader_of(const Sheet& sheet, Ref ref, WireError& error, const wire::ProtobufRules& rules) {
  return ProtobufReader(sheet.bytes(ref), error, rules, ref.off);
}

Ref take(ProtobufReader& reader, Space space) {
  const Bytes bytes = reader.as_bytes();
  return Ref::make(space, reader.value_off(), bytes.size());
}

void read_pieces(const Sheet& sheet, Ref ref, WireError& error, std::span<Ref* const> fields,
                 const wire::ProtobufRules& rules) {
  ProtobufReader reader = reader_of(sheet, ref, error, rules);
  while (reader.next()) {
    const u32 index = reader.number() - 1;
    if (index >= fields.size()) {
      reader.unknown();
    } else {
      *fields[index] = take(reader, ref.space());
    }
  }
}

Block read_block(const Sheet& sheet, Bytes input, Form form, u32 count_max, WireError& error) {
  if (form == Form::record) return read_record(input, count_max, error);
  Block block;
  ProtobufReader reader = reader_of(sheet, sheet.input(0, input.size()), error, wire::ProtobufRules{});
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        block.header = read_header(reader.as_message(), Space::input);
        break;
      case 2:
        if (form == Form::attestation) reader.unknown();
        block.data = read_run(reader.as_message(wire::field_bit(1)), Space::input, count_max);
        break;
      case 3:
        block.slots = read_run(reader.as_message(wire::field_bit(1)), Space::input, count_max);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  if (form == Form::block) reader.require(2);
  return block;
}

Metadata read_metadata(const Sheet& sheet, Ref slot, u32 count_max, WireError& error) {
  Metadata metadata;
  ProtobufReader reader = reader_of(sheet, slot, error, loose(wire::field_bit(2)));
  while (reader.next()) {
    if (reader.number() == 1) {
      metadata.value = take(reader, slot.space());
    } else if (reader.number() != 2) {
      reader.unknown();
    } else if (metadata.signatures.size() == count_max) {
      reader.refuse(Code::limit_exceeded);
    } else {
      const Ref body = take(reader, slot.space());
      MetadataSignature& made = metadata.signatures.emplace_back();
      Ref* const fields[] = {&made.header, &made.signature, &made.identifier};
      read_pieces(sheet, body, error, fields);
    }
  }
  return metadata;
}

Envelope read_envelope(const Sheet& sheet, Ref ref, bool canonical, WireError& error) {
  Envelope envelope;
  Ref* const fields[] = {&envelope.payload, &envelope.signature};
  read_pieces(sheet, ref, error, fields, canonical ? wire::ProtobufRules{} : kLoose);
  return envelope;
}

Payload read_payload(const Sheet& sheet, Ref ref, WireError& error) {
  Payload payload;
  Ref header;
  Ref* const fields[] = {&header, &payload.data};
  read_pieces(sheet, ref, error, fields);
  Ref* const inner[] = {&payload.channel_header, &payload.signature_header};
  if (!error.failed()) read_pieces(sheet, header, error, inner);
  return payload;
}

ChannelHeader read_channel_header(const Sheet& sheet, Ref ref, WireError& error) {
  ChannelHeader header;
  ProtobufReader reader = reader_of(sheet, ref, error);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        header.type = static_cast<u32>(reader.as_i32());
        break;
      case 2:  // version
        reader.as_i32();
        break;
      case 3:  // timestamp: nobody judges by it
        reader.as_message();
        break;
      case 4:
        header.channel_id = take(reader, ref.space());
        break;
      case 5:
        header.tx_id = take(reader, ref.space());
        break;
      case 6:
        header.epoch = reader.as_u64();
        break;
      case 7:
        header.extension = take(reader, ref.space());
        break;
      case 8:  // hash of a client's TLS certificate
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return header;
}

SignatureHeader read_signature_header(const Sheet& sheet, Ref ref, WireError& error) {
  SignatureHeader header;
  Ref* const fields[] = {&header.creator, &header.nonce};
  read_pieces(sheet, ref, error, fields);
  return header;
}

SerializedIdentity read_serialized_identity(const Sheet& sheet, Ref ref, WireError& error) {
  SerializedIdentity identity;
  Ref* const fields[] = {&identity.msp_id, &identity.id_bytes};
  read_pieces(sheet, ref, error, fields);
  return identity;
}

u64 read_last_config(const Sheet& sheet, Ref ref, bool wrapped, WireError& error) {
  Ref last_config = ref;
  if (wrapped) {
    Ref consenter_metadata;
    last_config = {};
    Ref* const fields[] = {&last_config, &consenter_metadata};
    read_pieces(sheet, ref, error, fields);
  }
  u64 index = 0;
  ProtobufReader reader = reader_of(sheet, last_config, error);
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
    } else {
      index = reader.as_u64();
    }
  }
  return index;
}

u32 read_identifier(const Sheet& sheet, Ref ref, WireError& error) {
  u32 identifier = 0;
  ProtobufReader reader = reader_of(sheet, ref, error);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        identifier = reader.as_u32();
        break;
      case 2:
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return identifier;
}

Ref state_header_bytes(Sheet& sheet, const Header& header) {
  std::vector<u8> body;
  append_der_number(body, header.number);
  append_der(body, 0x04, sheet.bytes(header.previous_hash));
  append_der(body, 0x04, sheet.bytes(header.data_hash));
  return state_sequence(sheet, body);
}

Ref state_octet_strings(Sheet& sheet, std::span<const Ref> parts) {
  std::vector<u8> body;
  for (const Ref part : parts) append_der(body, 0x04, sheet.bytes(part));
  return state_sequence(sheet, body);
}

void note_wire_error(Sheet& sheet, NodeId node, const WireError& error) {
  if (error.code == Code::field_unknown) return sheet.undecided(node, error.code, error.byte_off);
  note_strict_error(sheet, node, error);
}

void note_strict_error(Sheet& sheet, NodeId node, const WireError& error) {
  if (error.code == Code::limit_exceeded) return sheet.undecided(node, error.code, error.byte_off);
  sheet.fail(node, error.code, error.byte_off);
}

bool same_bytes(const Sheet& sheet, Ref left, Ref right) {
  const Bytes l = sheet.bytes(left);
  const Bytes r = sheet.bytes(right);
  return std::equal(l.begin(), l.end(), r.begin(), r.end());
}

std::string_view text_of(const Sheet& sheet, Ref ref) {
  const Bytes bytes = sheet.bytes(ref);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_text(const Sheet& sheet, Ref ref, std::string_view text) { return text_of(sheet, ref) == text; }

}  // namespace isthmus::chain::fabric
