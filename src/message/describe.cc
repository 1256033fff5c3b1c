#include "message/describe.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/body.h"
#include "message/check.h"
#include "message/content.h"
#include "message/date.h"
#include "message/ids.h"
#include "message/letter.h"
#include "message/received.h"
#include "message/words.h"

namespace chappe::message {
namespace {

constexpr std::size_t kMaxValue = 2000;  // octets of one field's value in the text form

enum class Form { addresses, date, ids, content, received, text };

Form form_of(FieldName id) {
  switch (id) {
    using enum FieldName;
    case bcc:
    case cc:
    case from:
    case reply_to:
    case resent_bcc:
    case resent_cc:
    case resent_from:
    case resent_sender:
    case resent_to:
    case return_path:
    case sender:
    case to:
      return Form::addresses;
    case date:
    case resent_date:
      return Form::date;
    case content_id:
    case in_reply_to:
    case message_id:
    case references:
    case resent_message_id:
      return Form::ids;
    case content_disposition:
    case content_type:
      return Form::content;
    case received:
      return Form::received;
    default:
      return Form::text;
  }
}

struct Words {
  std::string_view header, structure, findings, none, cut, text, octets, lines, at, group;
};
constexpr Words kEnglish{
    "Header", "Structure", "Findings", "nothing to remark", "… cut here; octets in all:", "Text of part", "octets",
    "lines",  "at",        "group"};
constexpr Words kFrench{
    "En-tête", "Structure", "Constats", "rien à signaler", "… coupé ici ; octets en tout :", "Texte de la partie",
    "octets",  "lignes",    "à",        "groupe"};

std::string_view kind_name(Part::Kind kind) {
  switch (kind) {
    case Part::Kind::multipart:
      return "multipart";
    case Part::Kind::message:
      return "message";
    case Part::Kind::leaf:
      break;
  }
  return "leaf";
}

// A label for a part where sections have none.
std::string label(const Letter& letter, const Part& part) {
  const std::string section = letter.section_of(part);
  if (!section.empty()) return section;
  if (part.parent == kNone) return "-";
  return letter.section_of(letter.part(part.parent)) + ".-";
}

class TextWriter {
 public:
  TextWriter(const Letter& letter, const DescribeOptions& options)
      : letter_(letter), options_(options), words_(options.lang == Lang::fr ? kFrench : kEnglish) {}

  std::string run() {
    line("{}", words_.header);
    for (const Field& f : letter_.fields()) field(f);
    line("");
    line("{}", words_.structure);
    for (const Part& p : letter_.parts()) part(p);
    for (const Part& p : letter_.parts())
      if (p.is_text()) text(p);
    line("");
    line("{}", words_.findings);
    findings();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void field(const Field& f) {
    const std::string name = terminal_safe(f.name());
    switch (form_of(f.id())) {
      case Form::addresses: {
        line("  {}:", name);
        for (const Address& a : parse_addresses(f.value()).entries) {
          if (a.kind == Address::Kind::group_begin) line("    {} {}:", words_.group, terminal_safe(a.name));
          if (a.kind == Address::Kind::group_end) line("    ;");
          if (!a.is_mailbox()) continue;
          line("    {}{}<{}>", terminal_safe(a.display()), a.display().empty() ? "" : " ", terminal_safe(a.spec()));
        }
        return;
      }
      case Form::date:
        if (const auto date = parse_date(f.value())) {
          line("  {}: {} ({})", name, format_date(date->time, date->offset_minutes), to_rfc3339(date->time));
          return;
        }
        break;
      default:
        break;
    }
    const std::string value = decode_text(f.value());
    line("  {}: {}{}", name, terminal_safe(codec::utf8_cut(value, kMaxValue)), value.size() > kMaxValue ? "…" : "");
  }

  void part(const Part& p) {
    const ContentType type = content_type_of(letter_, p);
    out_.append(2 + 2 * std::min<std::size_t>(p.depth, 40), ' ');
    out_ += fmt::format("{} {}/{}", label(letter_, p), terminal_safe(type.type), terminal_safe(type.subtype));
    if (const std::string* charset = type.parameters.find("charset"))
      out_ += fmt::format(" {}", terminal_safe(*charset));
    if (p.kind == Part::Kind::leaf) out_ += fmt::format(" {}", encoding_name(encoding_of(letter_, p)));
    const std::string name = file_name_of(letter_, p);
    if (!name.empty()) out_ += fmt::format(" \"{}\"", terminal_safe(name));
    line("  [{}, {}, {}) {} {}, {} {}", p.begin, p.body, p.end, p.end - p.body, words_.octets,
         count_lines(letter_.body_bytes(p)), words_.lines);
  }

  void text(const Part& p) {
    const std::string whole = decode_text_body(letter_, p);
    line("");
    line("{} {}", words_.text, label(letter_, p));
    const std::string shown = terminal_safe(codec::utf8_cut(whole, options_.text_limit));
    for (const std::string_view row : split(shown, '\n')) line("  | {}", row);
    if (whole.size() > options_.text_limit) line("{} {}", words_.cut, whole.size());
  }

  void findings() {
    const Findings all = check(letter_);
    if (all.empty()) line("  {}", words_.none);
    for (const Found& f : all.places()) {
      const FindingRow& row = finding_row(f.id);
      line("  {} {}: {} ({} {}, {})", severity_name(row.severity), row.name, row.text(options_.lang), words_.at,
           f.offset, label(letter_, letter_.part(f.part)));
    }
  }

  const Letter& letter_;
  const DescribeOptions& options_;
  const Words& words_;
  std::string out_;
};

class JsonWriter {
 public:
  JsonWriter(const Letter& letter, const DescribeOptions& options)
      : letter_(letter), options_(options), json_(out_, 2) {}

  std::string run() {
    json_.begin_object();
    json_.field("octets", letter_.bytes().size());
    json_.key("header");
    fields(letter_.root());
    json_.key("parts").begin_array();
    for (const Part& p : letter_.parts()) part(p);
    json_.end_array();
    json_.key("findings");
    findings();
    json_.end_object();
    out_ += '\n';
    return std::move(out_);
  }

 private:
  void fields(const Part& p) {
    json_.begin_array();
    for (const Field& f : letter_.fields(p)) {
      json_.begin_object();
      json_.field("name", f.name()).field("offset", f.offset()).field("octets", f.raw().size());
      value(f);
      json_.end_object();
    }
    json_.end_array();
  }

  void value(const Field& f) {
    switch (form_of(f.id())) {
      case Form::addresses: {
        json_.field("text", decode_text(f.value()));
        json_.key("addresses").begin_array();
        for (const Address& a : parse_addresses(f.value()).entries) address(a);
        json_.end_array();
        break;
      }
      case Form::date: {
        json_.field("text", decode_text(f.value()));
        if (const auto date = parse_date(f.value())) {
          json_.field("time", to_rfc3339(date->time)).field("offset_minutes", date->offset_minutes);
          json_.field("zone_known", date->zone_known);
        }
        break;
      }
      case Form::ids: {
        json_.key("ids").begin_array();
        for (const std::string& id : parse_message_ids(f.value()).list) json_.value(id);
        json_.end_array();
        break;
      }
      case Form::content: {
        json_.field("text", unfold(f.value()));
        json_.key("parameters");
        parameters(f.id() == FieldName::content_type ? parse_content_type(f.value()).parameters
                                                     : parse_disposition(f.value()).parameters);
        break;
      }
      case Form::received: {
        const Received r = parse_received(f.value());
        json_.field("text", decode_text(f.value()));
        json_.field("from", r.from).field("from_comment", r.from_comment).field("by", r.by).field("via", r.via);
        json_.field("with", r.with).field("id", r.id).field("for", r.for_);
        if (r.date) json_.field("time", to_rfc3339(r.date->time));
        break;
      }
      case Form::text:
        json_.field("text", decode_text(f.value()));
        break;
    }
  }

  void address(const Address& a) {
    json_.begin_object();
    switch (a.kind) {
      case Address::Kind::mailbox:
        json_.field("address", a.spec()).field("name", a.name).field("local", a.local).field("domain", a.domain);
        if (!a.comment.empty()) json_.field("comment", a.comment);
        if (!a.route.empty()) json_.field("route", a.route);
        break;
      case Address::Kind::group_begin:
        json_.field("group", a.name);
        break;
      case Address::Kind::group_end:
        json_.field("end_of_group", true);
        break;
    }
    json_.end_object();
  }

  void parameters(const Parameters& all) {
    json_.begin_array();
    for (const Parameter& p : all.list) {
      json_.begin_object();
      json_.field("name", p.name).field("value", p.value);
      if (!p.language.empty()) json_.field("language", p.language);
      json_.end_object();
    }
    json_.end_array();
  }

  void part(const Part& p) {
    const ContentType type = content_type_of(letter_, p);
    json_.begin_object();
    json_.field("section", letter_.section_of(p)).field("kind", kind_name(p.kind));
    if (p.parent != kNone) json_.field("parent", p.parent);
    json_.field("type", type.type + "/" + type.subtype).field("encoding", encoding_name(encoding_of(letter_, p)));
    if (const std::string* charset = type.parameters.find("charset")) json_.field("charset", *charset);
    const std::string name = file_name_of(letter_, p);
    if (!name.empty()) json_.field("file_name", name);
    const Disposition disposition = disposition_of(letter_, p);
    if (!disposition.kind.empty()) json_.field("disposition", disposition.kind);
    json_.field("begin", p.begin).field("body", p.body).field("end", p.end);
    json_.field("body_lines", count_lines(letter_.body_bytes(p)));
    if (p.parent != kNone) {
      json_.key("header");
      fields(p);
    }
    if (p.is_text()) {
      const std::string text = decode_text_body(letter_, p);
      json_.field("text", codec::utf8_cut(text, options_.json_text_limit));
      json_.field("text_cut", text.size() > options_.json_text_limit);
    } else if (p.kind == Part::Kind::leaf) {
      json_.field("decoded_octets", decode_body(letter_, p).size());
    }
    json_.end_object();
  }

  void findings() {
    json_.begin_array();
    for (const Found& f : check(letter_).places()) {
      const FindingRow& row = finding_row(f.id);
      json_.begin_object();
      json_.field("id", row.name).field("severity", severity_name(row.severity)).field("part", f.part);
      json_.field("offset", f.offset).field("text", row.text(options_.lang));
      json_.end_object();
    }
    json_.end_array();
  }

  const Letter& letter_;
  const DescribeOptions& options_;
  std::string out_;
  codec::json::Writer json_;
};

// Characters that move the cursor, end lines or turn text around.
bool unprintable(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace

std::string terminal_safe(ByteView text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = codec::take_utf8(text);
    if (c == '\n') {
      out += '\n';
    } else if (c == '\t') {
      out += ' ';
    } else if (unprintable(c)) {
      out += c < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(c))
                       : fmt::format("\\u{{{:04x}}}", static_cast<unsigned>(c));
    } else {
      codec::append_utf8(out, c);
    }
  }
  return out;
}

std::string describe(ByteView bytes, const DescribeOptions& options) {
  const Letter letter(bytes);
  return options.json ? JsonWriter(letter, options).run() : TextWriter(letter, options).run();
}

}  // namespace chappe::message
