#include "dns/rdata.h"

#include "base/text.h"
#include "dns/master_lexer.h"
#include "dns/rdata_layout.h"

namespace chappe::dns {
namespace {

struct TypeName {
  Type type;
  std::string_view name;
};
// Types that no record has: they stand in questions only, or in messages only.
constexpr TypeName kQuestionTypes[] = {
    {Type::opt, "OPT"}, {Type::ixfr, "IXFR"}, {Type::axfr, "AXFR"}, {Type::any, "ANY"}};

constexpr std::uint32_t kMaxPeriod = 0x7fffffff;

// Cuts uncompressed, well-formed RDATA into its fields.
template <class Visit>
void for_each_field(const Layout& layout, ByteView rdata, Visit visit) {
  for (const Field field : layout.all()) {
    const auto size = field_size(field, rdata);
    if (!size) return;
    visit(field, rdata.substr(0, *size));
    rdata.remove_prefix(*size);
  }
}

bool well_formed(Type type, ByteView rdata) {
  const Layout* layout = layout_of(type);
  if (!layout) return true;
  for_each_field(*layout, rdata, [&, n = std::size_t{0}](Field, ByteView part) mutable {
    rdata.remove_prefix(part.size());
    if (++n == layout->count && rdata.empty()) layout = nullptr;
  });
  return layout == nullptr;
}

// RFC 3597 §5: `\# LENGTH HEX...`
Result<Bytes> generic_from_text(Type type, std::span<const Token> words) {
  const auto size = words.empty() ? std::nullopt : to_number<std::uint16_t>(words.front().text);
  if (!size) return fail(Errc::invalid, "behind \\# stands the number of octets, up to 65535");
  Bytes out;
  if (*size > 0) {
    auto rest = words.subspan(1);
    TRY(field_from_text(Field::hex, rest, Name(), out));
  } else if (words.size() > 1) {
    return fail(Errc::invalid, "there are octets behind \\# 0");
  }
  if (out.size() != *size) return fail(Errc::invalid, "\\# says {} octets, but {} follow", *size, out.size());
  if (!well_formed(type, out)) return fail(Errc::invalid, "these octets are no {}", type_name(type));
  return out;
}

std::string generic_to_text(ByteView rdata) {
  std::string out = fmt::format("\\# {}", rdata.size());
  if (!rdata.empty()) out += ' ' + field_to_text(Field::hex, rdata, nullptr);
  return out;
}

}  // namespace

std::string type_name(Type type) {
  if (const Layout* layout = layout_of(type)) return std::string(layout->mnemonic);
  for (const auto& row : kQuestionTypes)
    if (row.type == type) return std::string(row.name);
  return fmt::format("TYPE{}", static_cast<unsigned>(type));
}

std::optional<Type> parse_type(std::string_view text) {
  for (const Layout& layout : layouts())
    if (iequals(layout.mnemonic, text)) return layout.type;
  for (const auto& row : kQuestionTypes)
    if (iequals(row.name, text)) return row.type;
  if (!istarts_with(text, "TYPE")) return std::nullopt;
  const auto number = to_number<std::uint16_t>(text.substr(4));
  return number ? std::optional(static_cast<Type>(*number)) : std::nullopt;
}

Result<Bytes> rdata_from_text(Type type, std::span<const Token> words, const Name& origin) {
  if (!words.empty() && !words.front().quoted && words.front().text == "\\#")
    return generic_from_text(type, words.subspan(1));
  const Layout* layout = layout_of(type);
  if (!layout)
    return fail(Errc::invalid, "how {} is written is not known; write its octets as \\# LENGTH HEX", type_name(type));
  Bytes out;
  for (const Field field : layout->all()) TRY(field_from_text(field, words, origin, out));
  if (!words.empty())
    return fail(Errc::invalid, "too much behind the {}: {}", layout->mnemonic, printable(words.front().text));
  if (out.size() > 0xffff) return fail(Errc::too_large, "the record is larger than 65535 octets");
  return out;
}

Result<Bytes> rdata_from_text(Type type, std::string_view line, const Name& origin) {
  MasterLexer lexer(line);
  const auto entry = TRY(lexer.next());
  return rdata_from_text(type, entry ? entry->words : std::vector<Token>(), origin);
}

std::string rdata_to_text(Type type, ByteView rdata, const Name* origin) {
  const Layout* layout = layout_of(type);
  if (!layout) return generic_to_text(rdata);
  std::string out;
  for_each_field(*layout, rdata, [&](Field field, ByteView part) {
    const std::string text = field_to_text(field, part, origin);
    if (!out.empty() && !text.empty()) out += ' ';
    out += text;
  });
  return out;
}

Bytes read_rdata(WireReader& in, Type type, std::size_t size) {
  const std::size_t end = in.at() + size;
  const Layout* layout = layout_of(type);
  if (!in.ok() || size > in.left() || !layout) return Bytes(in.bytes(size));
  Bytes out;
  for (const Field field : layout->all()) {
    if (!in.ok() || in.at() > end) break;
    if (field == Field::name) {
      out += in.name().wire();
    } else {
      WireReader ahead = in;
      const auto n = field_size(field, ahead.bytes(end - in.at()));
      if (!n) {
        in.fail();
        break;
      }
      out += in.bytes(*n);
    }
  }
  if (!in.ok() || in.at() != end) {
    in.fail();
    return {};
  }
  return out;
}

void write_rdata(WireWriter& out, Type type, ByteView rdata) {
  const Layout* layout = layout_of(type);
  if (!layout || layout->names != Names::compressed) {
    out.bytes(rdata);
    return;
  }
  for_each_field(*layout, rdata, [&](Field field, ByteView part) {
    const auto name = field == Field::name ? Name::from_wire(Bytes(part)) : fail(Errc::invalid, "no name");
    if (name) {
      out.compressed_name(*name);
    } else {
      out.bytes(part);
    }
  });
}

Bytes canonical_rdata(Type type, ByteView rdata) {
  const Layout* layout = layout_of(type);
  if (!layout || layout->names == Names::plain) return Bytes(rdata);
  Bytes out;
  for_each_field(*layout, rdata,
                 [&](Field field, ByteView part) { out += field == Field::name ? to_lower(part) : Bytes(part); });
  return out;
}

std::optional<std::uint32_t> parse_period(std::string_view text) {
  std::uint64_t total = 0, part = 0;
  bool digits = false, unit = false;
  for (const char c : text) {
    if (is_digit(c)) {
      part = part * 10 + static_cast<unsigned>(c - '0');
      digits = true;
    } else {
      const std::uint64_t size = lower(c) == 's'   ? 1
                                 : lower(c) == 'm' ? 60
                                 : lower(c) == 'h' ? 3600
                                 : lower(c) == 'd' ? 86'400
                                 : lower(c) == 'w' ? 604'800
                                                   : 0;
      if (!digits || !size) return std::nullopt;
      total += part * size;
      part = 0;
      digits = false;
      unit = true;
    }
    if (part > kMaxPeriod || total > kMaxPeriod) return std::nullopt;
  }
  // "1h30" leaves it open what the 30 are.
  if (text.empty() || (unit && digits)) return std::nullopt;
  return static_cast<std::uint32_t>(total + part);
}

}  // namespace chappe::dns
