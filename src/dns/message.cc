#include "dns/message.h"

#include <algorithm>

#include "dns/wire.h"

namespace chappe::dns {
namespace {

constexpr unsigned kQr = 0x8000, kAa = 0x0400, kTc = 0x0200, kRd = 0x0100, kRa = 0x0080, kAd = 0x0020, kCd = 0x0010;
constexpr std::uint32_t kDo = 0x8000;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kOptSize = 11;

Header header_of(std::uint16_t id, unsigned flags) {
  return {.id = id,
          .response = (flags & kQr) != 0,
          .opcode = static_cast<std::uint8_t>(flags >> 11 & 15),
          .authoritative = (flags & kAa) != 0,
          .truncated = (flags & kTc) != 0,
          .recursion_desired = (flags & kRd) != 0,
          .recursion_available = (flags & kRa) != 0,
          .authentic = (flags & kAd) != 0,
          .checking_disabled = (flags & kCd) != 0,
          .rcode = static_cast<Rcode>(flags & 15)};
}

std::uint16_t flags_of(const Header& h) {
  const unsigned rcode = static_cast<unsigned>(h.rcode) & 15;
  return static_cast<std::uint16_t>((h.response ? kQr : 0) | (h.opcode & 15u) << 11 | (h.authoritative ? kAa : 0) |
                                    (h.truncated ? kTc : 0) | (h.recursion_desired ? kRd : 0) |
                                    (h.recursion_available ? kRa : 0) | (h.authentic ? kAd : 0) |
                                    (h.checking_disabled ? kCd : 0) | rcode);
}

// RFC 6891 §6.1.2: options are framed, whether we know them or not.
bool options_fit(ByteView options) {
  WireReader in(options);
  while (in.ok() && in.left() > 0) {
    in.u16();
    in.bytes(in.u16());
  }
  return in.ok();
}

Result<void> read_opt(const Name& owner, std::uint16_t udp_size, std::uint32_t ttl, ByteView options, Message& out) {
  if (out.edns) return fail(Errc::invalid, "two OPT records");
  if (!owner.is_root() || !options_fit(options)) return fail(Errc::invalid, "a broken OPT record");
  out.edns = Edns{udp_size, static_cast<std::uint8_t>(ttl >> 16), (ttl & kDo) != 0};
  // RFC 6891 §6.1.3: the upper eight bits of twelve.
  out.header.rcode = static_cast<Rcode>((ttl >> 24) << 4 | static_cast<unsigned>(out.header.rcode));
  return {};
}

Result<void> read_record(WireReader& in, bool additional, std::vector<Record>& section, Message& out) {
  Record r;
  r.name = in.name();
  r.type = static_cast<Type>(in.u16());
  const std::uint16_t klass = in.u16();
  r.ttl = in.u32();
  const std::size_t size = in.u16();
  if (r.type == Type::opt) {
    const ByteView options = in.bytes(size);
    if (!in.ok() || !additional) return fail(Errc::invalid, "an OPT record that is cut short, or in the wrong section");
    return read_opt(r.name, klass, r.ttl, options, out);
  }
  if (in.ok() && klass != kClassIn) return fail(Errc::invalid, "a record of class {}", klass);
  // RFC 2181 §8: a TTL with the highest bit set is zero.
  if (r.ttl > 0x7fffffff) r.ttl = 0;
  r.rdata = read_rdata(in, r.type, size);
  if (!in.ok()) return fail(Errc::invalid, "a record of type {} that is not well-formed", type_name(r.type));
  section.push_back(std::move(r));
  return {};
}

class Writer {
 public:
  Writer(const Message& message, const WriteOptions& options)
      : message_(message), options_(options), room_(options.limit - (message.edns ? kOptSize : 0)) {}

  Bytes write() && {
    const std::uint16_t zero = 0;
    out_.u16(message_.header.id);
    for (int i = 0; i < 5; ++i) out_.u16(zero);
    if (message_.question) {
      out_.compressed_name(message_.question->name);
      out_.u16(static_cast<std::uint16_t>(message_.question->type));
      out_.u16(message_.question_class);
    }
    bool whole = section(message_.answer, 6) && section(message_.authority, 8);
    std::uint16_t extra = 0;
    if (whole && !section(message_.additional, 10, &extra)) whole = !(options_.glue_needed && glue_missing(extra));
    if (message_.edns) {
      opt();
      out_.patch_u16(10, static_cast<std::uint16_t>(extra + 1));
    }
    Header header = message_.header;
    header.truncated = header.truncated || !whole;
    out_.patch_u16(2, flags_of(header));
    out_.patch_u16(4, message_.question ? 1 : 0);
    return std::move(out_).take();
  }

 private:
  // RFC 4035 §3.1.1: signatures that do not fit are no reason for TC.
  bool glue_missing(std::size_t written) const {
    const auto& all = message_.additional;
    return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(written), all.end(),
                       [](const Record& r) { return r.type != Type::rrsig; });
  }

  // False if not all of it fits; then what is there ends with a whole RRset.
  bool section(const std::vector<Record>& records, std::size_t count_at, std::uint16_t* counted = nullptr) {
    std::uint16_t count = 0, whole_count = 0;
    std::size_t whole = out_.size();
    bool all = true;
    for (std::size_t i = 0; i < records.size() && all; ++i) {
      if (i == 0 || records[i].type != records[i - 1].type || records[i].name != records[i - 1].name) {
        whole = out_.size();
        whole_count = count;
      }
      record(records[i]);
      ++count;
      if (out_.size() > room_ || count == 0xffff) {
        out_.truncate(whole);
        count = whole_count;
        all = false;
      }
    }
    out_.patch_u16(count_at, count);
    if (counted) *counted = count;
    return all;
  }

  void record(const Record& r) {
    out_.compressed_name(r.name);
    out_.u16(static_cast<std::uint16_t>(r.type));
    out_.u16(kClassIn);
    out_.u32(r.ttl);
    const std::size_t at = out_.size();
    out_.u16(0);
    write_rdata(out_, r.type, r.rdata);
    out_.patch_u16(at, static_cast<std::uint16_t>(out_.size() - at - 2));
  }

  void opt() {
    const Edns& edns = *message_.edns;
    out_.u8(0);
    out_.u16(static_cast<std::uint16_t>(Type::opt));
    out_.u16(edns.udp_size);
    const std::uint32_t high = static_cast<std::uint32_t>(message_.header.rcode) >> 4;
    out_.u32(high << 24 | static_cast<std::uint32_t>(edns.version) << 16 | (edns.dnssec_ok ? kDo : 0));
    out_.u16(0);
  }

  const Message& message_;
  const WriteOptions& options_;
  std::size_t room_;
  WireWriter out_;
};

}  // namespace

Result<Header> parse_header(ByteView octets) {
  WireReader in(octets);
  const std::uint16_t id = in.u16(), flags = in.u16();
  in.bytes(kHeaderSize - 4);
  if (!in.ok()) return fail(Errc::invalid, "{} octets are no DNS message", octets.size());
  return header_of(id, flags);
}

Result<Message> parse_message(ByteView octets) {
  Message out;
  out.header = TRY(parse_header(octets));
  WireReader in(octets, 4);
  const std::uint16_t questions = in.u16(), answers = in.u16(), authorities = in.u16(), additionals = in.u16();
  if (questions > 1) return fail(Errc::invalid, "{} questions in one message", questions);
  if (questions == 1) {
    Question question;
    question.name = in.name();
    question.type = static_cast<Type>(in.u16());
    out.question_class = in.u16();
    out.question = std::move(question);
  }
  for (int i = 0; in.ok() && i < answers; ++i) TRY(read_record(in, false, out.answer, out));
  for (int i = 0; in.ok() && i < authorities; ++i) TRY(read_record(in, false, out.authority, out));
  for (int i = 0; in.ok() && i < additionals; ++i) TRY(read_record(in, true, out.additional, out));
  if (!in.ok() || in.left() > 0) return fail(Errc::invalid, "a DNS message of the wrong length");
  return out;
}

Bytes write_message(const Message& message, const WriteOptions& options) { return Writer(message, options).write(); }

Message make_query(Question question, std::uint16_t id, bool recursion, bool dnssec) {
  Message out;
  out.header.id = id;
  out.header.recursion_desired = recursion;
  out.question = std::move(question);
  out.edns = Edns{.dnssec_ok = dnssec};
  return out;
}

}  // namespace chappe::dns
