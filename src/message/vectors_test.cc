// The letters and field values that other projects publish with what they read in them. Where we read something else,
// tests/message/deviations.txt names the case and says why; a deviation that is not listed fails, and so does a listed
// one that is gone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "base/text.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/check.h"
#include "message/content.h"
#include "message/date.h"
#include "message/describe.h"
#include "message/ids.h"
#include "message/letter.h"
#include "message/received.h"
#include "message/words.h"

namespace chappe::message {
namespace {

namespace fs = std::filesystem;
namespace json = codec::json;
using Lines = std::vector<std::string>;

fs::path vectors() {
  const char* set = std::getenv("CHAPPE_VECTORS");
  return set != nullptr ? fs::path(set) : fs::path("../shared/vectors");
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_below(const fs::path& folder, std::string_view extension = {}) {
  std::vector<fs::path> out;
  if (!fs::exists(folder)) return out;
  for (const auto& e : fs::recursive_directory_iterator(folder))
    if (e.is_regular_file() && (extension.empty() || e.path().extension() == extension)) out.push_back(e.path());
  std::sort(out.begin(), out.end());
  return out;
}

// "suite case reason…" lines.
std::map<std::string, std::string> listed(std::string_view suite) {
  std::map<std::string, std::string> out;
  const std::string text = read("tests/message/deviations.txt");
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t a = line.find(' '), b = line.find(' ', a + 1);
    if (a == line.npos || b == line.npos) {
      ADD_FAILURE() << "deviations.txt: no reason given: " << line;
      continue;
    }
    if (line.substr(0, a) == suite) out[std::string(line.substr(a + 1, b - a - 1))] = line.substr(b + 1);
  }
  return out;
}

class Judge {
 public:
  explicit Judge(std::string suite) : suite_(std::move(suite)), listed_(listed(suite_)) {}
  ~Judge() {
    for (const auto& [name, reason] : listed_)
      EXPECT_TRUE(deviated_.contains(name)) << suite_ << " " << name << " is listed, but agrees";
    EXPECT_GT(cases_, 0) << suite_;
  }
  void compare(const std::string& name, const Lines& expected, const Lines& ours) {
    ++cases_;
    if (expected == ours) return;
    deviated_.insert(name);
    if (listed_.contains(name)) return;
    std::string both;
    for (const auto& l : expected) both += "\n  expected " + printable(l, 300);
    for (const auto& l : ours) both += "\n  ours     " + printable(l, 300);
    ADD_FAILURE() << suite_ << " " << name << " deviates:" << both;
  }

 private:
  std::string suite_;
  std::map<std::string, std::string> listed_;
  std::set<std::string> deviated_;
  int cases_ = 0;
};

// ---- tables of field values

json::Value load(const fs::path& path) {
  auto value = json::parse(read(path), {.bytes = 8 << 20, .depth = 64});
  EXPECT_TRUE(value) << path << ": " << (value ? "" : value.error().text());
  return value ? std::move(*value) : json::Value();
}

std::string string_of(const json::Value* v) {
  return v == nullptr || v->is_null() ? "" : std::string(v->as_string().value_or("?"));
}

// Runs `expected` and `ours` on each entry of a table; `value` is the field value as a letter would hold it.
void each_row(const std::string& table, const std::function<Lines(const json::Value&)>& expected,
              const std::function<Lines(ByteView)>& ours) {
  const fs::path path = vectors() / "mime-mailparser-dovecot" / (table + ".json");
  if (!fs::exists(path)) GTEST_SKIP() << "no vectors at " << path;
  const json::Value rows = load(path);
  Judge judge("mailparser-" + table);
  std::size_t i = 0;
  for (const json::Value& row : rows.items()) {
    const std::string bytes = "X:" + string_of(row.find("header"));
    const Letter letter(bytes);
    ASSERT_EQ(letter.fields().empty(), false);
    judge.compare("#" + std::to_string(i++), expected(*row.find("expected")), ours(letter.fields()[0].value()));
  }
}

TEST(Vectors, Addresses) {
  each_row(
      "address",
      [](const json::Value& e) {
        Lines out;
        const auto mailbox = [&out](const json::Value& a) {
          out.push_back(string_of(a.find("name")) + " | " + string_of(a.find("address")));
        };
        if (const json::Value* list = e.find("List"))
          for (const json::Value& a : list->items()) mailbox(a);
        if (const json::Value* groups = e.find("Group"))
          for (const json::Value& g : groups->items()) {
            if (!g.find("name")->is_null()) out.push_back("group " + string_of(g.find("name")));
            for (const json::Value& a : g.find("addresses")->items()) mailbox(a);
          }
        return out;
      },
      [](ByteView value) {
        Lines out;
        for (const Address& a : parse_addresses(value).entries) {
          std::string name = a.name;
          if (!a.comment.empty()) name += name.empty() ? a.comment : " (" + a.comment + ")";
          if (a.kind == Address::Kind::group_begin) out.push_back("group " + name);
          if (a.is_mailbox()) out.push_back(name + " | " + a.spec());
        }
        return out;
      });
}

TEST(Vectors, ContentTypes) {
  const auto parameters = [](const Parameters& all, Lines& out) {
    for (const Parameter& p : all.list) out.push_back(p.name + "=" + p.value);
    std::sort(out.begin() + 1, out.end());
  };
  each_row(
      "content_type",
      [](const json::Value& e) {
        if (e.is_null()) return Lines{"(none)"};
        const std::string subtype = to_lower(string_of(e.find("c_subtype")));
        Lines out{to_lower(string_of(e.find("c_type"))) + (subtype.empty() ? "" : "/" + subtype)};
        if (const json::Value* list = e.find("attributes"))
          for (const json::Value& a : list->items()) {
            const std::string name = to_lower(string_of(&a.items()[0]));
            if (!name.ends_with("-language")) out.push_back(name + "=" + string_of(&a.items()[1]));
          }
        std::sort(out.begin() + 1, out.end());
        return out;
      },
      [&](ByteView value) {
        Lines out;
        const ContentType type = parse_content_type(value);
        if (type.valid) {
          out.push_back(type.type + "/" + type.subtype);
          parameters(type.parameters, out);
          return out;
        }
        // The table has dispositions too, and types without a subtype, which are no types to us.
        const Disposition d = parse_disposition(value);
        const std::string kind = to_lower(trim(value.substr(0, value.find(';'))));
        out.push_back(d.kind.empty() || kind.starts_with('/') ? "(none)" : kind.substr(0, kind.find('/')));
        if (out[0] != "(none)") parameters(d.parameters, out);
        return out;
      });
}

std::string show(const json::Value* d) {
  if (d == nullptr || d->is_null()) return "(none)";
  const auto n = [d](std::string_view name) { return d->get_int(name).value_or(-1); };
  const int sign = d->get_bool("tz_before_gmt").value_or(false) ? -1 : 1;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {:+}", n("year"), n("month"), n("day"), n("hour"),
                     n("minute"), n("second"), sign * (n("tz_hour") * 60 + n("tz_minute")));
}

// In the form of the other show().
std::string local(const std::optional<Date>& date) {
  if (!date) return "(none)";
  const std::string s = to_rfc3339(date->time + std::chrono::minutes(date->offset_minutes));
  return fmt::format("{} {} {:+}", s.substr(0, 10), s.substr(11, 8), date->offset_minutes);
}

TEST(Vectors, Dates) {
  each_row(
      "date", [](const json::Value& e) { return Lines{show(&e)}; },
      [](ByteView value) { return Lines{local(parse_date(value))}; });
}

TEST(Vectors, Ids) {
  each_row(
      "id",
      [](const json::Value& e) {
        Lines out;
        for (const json::Value& id : e.items()) out.push_back(string_of(&id));
        if (e.kind() == json::Value::Kind::string) out.push_back(string_of(&e));
        return out;
      },
      [](ByteView value) { return parse_message_ids(value).list; });
}

TEST(Vectors, Unstructured) {
  each_row(
      "unstructured", [](const json::Value& e) { return Lines{string_of(&e)}; },
      [](ByteView value) { return Lines{decode_text(value)}; });
}

TEST(Vectors, Received) {
  each_row(
      "received",
      [](const json::Value& e) {
        const auto host = [&e](std::string_view name) {
          const json::Value* h = e.find(name);
          if (h == nullptr || h->is_null()) return std::string();
          return string_of(h->find("Name") != nullptr ? h->find("Name") : h->find("IpAddr"));
        };
        return Lines{"from " + host("from"), "by " + host("by"), "id " + string_of(e.find("id")),
                     "for " + string_of(e.find("for_")), show(e.find("date"))};
      },
      [](ByteView value) {
        const message::Received r = parse_received(value);
        return Lines{"from " + std::string(trim(r.from, "[]")), "by " + std::string(trim(r.by, "[]")), "id " + r.id,
                     "for " + r.for_, local(r.date)};
      });
}

// ---- trees

TEST(Vectors, MalformedTrees) {
  const auto files = files_below(vectors() / "mime-mailparser-dovecot" / "eml", ".eml");
  if (files.empty()) GTEST_SKIP() << "no vectors at " << vectors();
  Judge judge("mailparser-tree");
  for (const fs::path& path : files) {
    for (const bool crlf : {false, true}) {
      // The expectations are of the file with line ends of one kind.
      std::string bytes;
      for (const char c : read(path)) {
        if (c == '\r') continue;
        if (c == '\n' && crlf) bytes += '\r';
        bytes += c;
      }
      fs::path expected_path = path;
      expected_path.replace_extension(crlf ? ".crlf.json" : ".json");
      const json::Value expected = load(expected_path);
      Lines theirs, ours;
      for (const json::Value& p : expected.find("parts")->items()) {
        const json::Value* body = p.find("body");
        const bool multipart = body->find("Multipart") != nullptr, message = body->find("Message") != nullptr;
        theirs.push_back(fmt::format("{} {} {}", p.get_int("offset_header").value_or(-1),
                                     p.get_int("offset_body").value_or(-1),
                                     multipart ? "multipart"
                                     : message ? "message"
                                               : "leaf"));
        // Where a container ends, epilogue or not, is told differently by everybody; leaves have one end.
        if (!multipart) theirs.back() += fmt::format(" {}", p.get_int("offset_end").value_or(-1));
      }
      const Letter letter(bytes);
      std::set<std::uint32_t> inside;  // messages in messages have lists of their own there
      for (const Part& p : letter.parts()) {
        if (p.parent != kNone && (inside.contains(p.parent) || letter.part(p.parent).kind == Part::Kind::message)) {
          inside.insert(p.index);
          continue;
        }
        ours.push_back(fmt::format("{} {} {}", p.begin, p.body,
                                   p.kind == Part::Kind::multipart ? "multipart"
                                   : p.kind == Part::Kind::message ? "message"
                                                                   : "leaf"));
        if (p.kind != Part::Kind::multipart) ours.back() += fmt::format(" {}", p.end);
      }
      judge.compare(path.stem().string() + (crlf ? ".crlf" : ""), theirs, ours);
    }
  }
}

std::string without_cr(ByteView s) {
  std::string out;
  for (const char c : s)
    if (c != '\r') out += c;
  return std::string(trim(out, "\n"));
}

// The events of an XML file: opening tags in order, with the text of those that hold text.
Lines xml_events(const std::string& xml) {
  Lines out;
  for (std::size_t at = xml.find('<'); at != std::string::npos;) {
    const std::size_t close = xml.find('>', at);
    const std::string tag = xml.substr(at + 1, close - at - 1);
    const std::size_t next = xml.find('<', close);
    if (tag.front() != '/') {
      std::string text = without_cr(ByteView(xml).substr(close + 1, next - close - 1));
      for (const auto& [entity, c] : {std::pair{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}})
        for (std::size_t e = text.find(entity); e != std::string::npos; e = text.find(entity, e + 1))
          text.replace(e, std::string_view(entity).size(), 1, c);
      const bool holds = tag == "field" || tag == "body" || tag == "preamble" || tag == "epilogue";
      if (holds && (tag == "field" || tag == "body" || !text.empty())) out.push_back(tag + " " + text);
      if (!holds && tag != "header") out.push_back(tag);
    }
    at = next;
  }
  return out;
}

void our_events(const Letter& letter, const Part& p, Lines& out) {
  for (const Field& f : letter.fields(p)) out.push_back("field " + without_cr(f.raw()));
  if (p.kind == Part::Kind::leaf) out.push_back("body " + without_cr(letter.body_bytes(p)));
  if (p.kind == Part::Kind::message) {
    out.push_back("message");
    our_events(letter, *letter.inner(p), out);
  }
  if (p.kind != Part::Kind::multipart) return;
  out.push_back("multipart");
  const auto text = [&out](std::string tag, ByteView s) {
    if (const std::string t = without_cr(s); !t.empty()) out.push_back(tag + " " + t);
  };
  text("preamble", letter.preamble(p));
  for (std::uint32_t c = p.first_child; c != kNone; c = letter.part(c).next) {
    out.push_back("body-part");
    our_events(letter, letter.part(c), out);
  }
  text("epilogue", letter.epilogue(p));
}

TEST(Vectors, EventStreams) {
  const auto files = files_below(vectors() / "mime-mimetools", ".msg");
  if (files.empty()) GTEST_SKIP() << "no vectors at " << vectors();
  Judge judge("mimetools");
  for (const fs::path& path : files) {
    fs::path xml = path;
    const std::string bytes = read(path);
    const Letter letter(bytes);
    Lines ours{"message"};
    our_events(letter, letter.root(), ours);
    Lines theirs = xml_events(read(xml.replace_extension(".xml")));
    // What differs, not two whole letters, when it fails.
    const auto differ = std::mismatch(theirs.begin(), theirs.end(), ours.begin(), ours.end());
    const auto from = std::min<std::ptrdiff_t>(2, differ.first - theirs.begin());
    theirs = {differ.first - from, theirs.end()};
    ours = {differ.second - from, ours.end()};
    const auto cut = [](Lines& l) {
      if (l.size() > 6) l.resize(6);
    };
    if (theirs != ours) {
      cut(theirs);
      cut(ours);
    }
    judge.compare(path.stem().string(), theirs, ours);
  }
}

// ---- everything else: read it all, hold what must hold for any bytes

void expect_sane(const std::string& bytes, const fs::path& path) {
  const Letter letter(bytes);
  std::size_t fields = 0;
  for (const Part& p : letter.parts()) {
    ASSERT_LE(p.begin, p.body) << path;
    ASSERT_LE(p.body, p.end) << path;
    ASSERT_LE(p.end, bytes.size()) << path;
    if (p.parent != kNone) {
      ASSERT_GE(p.begin, letter.part(p.parent).body) << path;
      ASSERT_LE(p.end, letter.part(p.parent).end) << path;
    }
    for (const Field& f : letter.fields(p)) ASSERT_EQ(bytes.substr(f.offset(), f.raw().size()), f.raw()) << path;
    fields += p.field_count;
    const std::string section = letter.section_of(p);
    if (section.empty()) continue;
    std::vector<std::uint32_t> numbers;
    for (const auto n : split(section, '.')) numbers.push_back(*to_number<std::uint32_t>(n));
    EXPECT_EQ(letter.find_section(numbers), &p) << path << " " << section;
  }
  EXPECT_EQ(fields, letter.all_fields().size()) << path;
  check(letter);
  EXPECT_TRUE(codec::utf8_valid(describe(bytes, {}))) << path;
  EXPECT_TRUE(json::parse(describe(bytes, {.json = true}), {.bytes = 64 << 20, .depth = 64})) << path;
}

TEST(Vectors, EveryFileIsReadToItsEnd) {
  std::vector<fs::path> files;
  for (const char* folder : {"mime-mailparser-dovecot", "mime-mimekit", "mime-mimetools", "mime-ruby-mail"})
    for (const fs::path& path : files_below(vectors() / folder)) files.push_back(path);
  if (files.empty()) GTEST_SKIP() << "no vectors at " << vectors();
  for (const fs::path& path : files) {
    const std::string bytes = read(path);
    expect_sane(bytes, path);
    // And cut off in many places.
    for (std::size_t n = 1; n < bytes.size(); n += bytes.size() / 7 + 1) expect_sane(bytes.substr(0, n), path);
  }
}

}  // namespace
}  // namespace chappe::message
