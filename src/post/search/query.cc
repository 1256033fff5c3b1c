#include "post/search/query.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "codec/utf8.h"
#include "post/search/tokens.h"

namespace chappe::post::search {
namespace {

using Kind = Query::Kind;

struct FieldRow {
  std::string_view name;
  FieldMask mask;
};
constexpr FieldRow kFieldNames[] = {{"subject", field_bit(Where::subject)},
                                    {"from", field_bit(Where::from)},
                                    {"to", field_bit(Where::to)},
                                    {"cc", field_bit(Where::cc)},
                                    {"bcc", field_bit(Where::bcc)},
                                    {"list", field_bit(Where::list)},
                                    {"attachment", field_bit(Where::attachment)},
                                    {"body", field_bit(Where::body)}};

constexpr std::string_view kDateNames[] = {"before", "after", "on"};

constexpr Duration kDay = std::chrono::hours(24);

// A day, month or year, as its first moment and the first one behind it.
std::optional<std::pair<Time, Time>> period(std::string_view text) {
  const auto begins = [](int year, int month) {
    return from_rfc3339(fmt::format("{:04}-{:02}-01", year + (month - 1) / 12, (month - 1) % 12 + 1));
  };
  if (text.size() == 10) {
    const auto day = from_rfc3339(text);
    if (!day) return std::nullopt;
    return std::pair(*day, *day + kDay);
  }
  const auto year = to_number<int>(text.substr(0, 4));
  if (!year || *year < 1) return std::nullopt;
  std::optional<Time> first, last;
  if (text.size() == 4) {
    first = begins(*year, 1);
    last = begins(*year, 13);
  } else if (text.size() == 7 && text[4] == '-') {
    const auto month = to_number<int>(text.substr(5));
    if (!month || *month < 1 || *month > 12) return std::nullopt;
    first = begins(*year, *month);
    last = begins(*year, *month + 1);
  }
  if (!first || !last) return std::nullopt;
  return std::pair(*first, *last);
}

class Parser {
 public:
  explicit Parser(ByteView text) : left_(text) {}

  Result<Query> run() {
    Query out = TRY(disjunction(0));
    skip();
    if (!left_.empty()) return fail(Errc::invalid, "there is a closing parenthesis too many");
    if (leaves_ == 0) return fail(Errc::invalid, "there is nothing to look for in this query");
    return out;
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void skip() {
    while (!left_.empty() && blank(left_.front())) left_.remove_prefix(1);
  }
  // Whether an operator stands here; takes it.
  bool take_operator(std::string_view name) {
    skip();
    if (!left_.starts_with(name)) return false;
    if (left_.size() > name.size() && !blank(left_[name.size()]) && left_[name.size()] != '(' &&
        left_[name.size()] != '"')
      return false;
    left_.remove_prefix(name.size());
    return true;
  }
  bool at_end() {
    skip();
    return left_.empty() || left_.front() == ')';
  }

  static Query join(Kind kind, std::vector<Query> children) {
    if (children.empty()) return {};
    if (children.size() == 1 && children.front().kind != Kind::negation) return std::move(children.front());
    Query out;
    out.kind = kind;
    out.children = std::move(children);
    return out;
  }

  Result<Query> disjunction(int depth) {
    if (depth > Query::kMaxDepth) return fail(Errc::too_large, "a query may be nested {} deep", Query::kMaxDepth);
    std::vector<Query> sides;
    do {
      if (at_end() && sides.empty()) break;
      if (at_end()) return fail(Errc::invalid, "OR needs something on both sides");
      Query side = TRY(conjunction(depth));
      if (side.kind != Kind::all) sides.push_back(std::move(side));
    } while (take_operator("OR"));
    return join(Kind::disjunction, std::move(sides));
  }

  Result<Query> conjunction(int depth) {
    std::vector<Query> parts;
    while (!at_end()) {
      const ByteView before = left_;
      if (take_operator("OR")) {
        if (parts.empty()) return fail(Errc::invalid, "OR needs something on both sides");
        left_ = before;
        break;
      }
      if (take_operator("AND")) {
        if (parts.empty() || at_end()) return fail(Errc::invalid, "AND needs something on both sides");
        continue;
      }
      Query part = TRY(negation(depth));
      if (part.kind != Kind::all) parts.push_back(std::move(part));
    }
    return join(Kind::conjunction, std::move(parts));
  }

  Result<Query> negation(int depth) {
    bool negative = false;
    for (;;) {
      if (take_operator("NOT")) {
        if (at_end()) return fail(Errc::invalid, "NOT needs something behind it");
        negative = !negative;
      } else if (left_.size() > 1 && left_.front() == '-' && !blank(left_[1])) {
        left_.remove_prefix(1);
        negative = !negative;
      } else {
        break;
      }
    }
    Query inner = TRY(primary(depth));
    if (!negative || inner.kind == Kind::all) return inner;
    Query out;
    out.kind = Kind::negation;
    out.children.push_back(std::move(inner));
    return out;
  }

  Result<Query> primary(int depth) {
    if (at_end()) return fail(Errc::invalid, "something is missing behind an operator");
    if (left_.front() == '(') {
      left_.remove_prefix(1);
      Query out = TRY(disjunction(depth + 1));
      skip();
      if (!left_.starts_with(')')) return fail(Errc::invalid, "a parenthesis is not closed");
      left_.remove_prefix(1);
      return out;
    }
    FieldMask fields = kAllFields;
    const std::size_t colon = left_.find_first_of(": \t\r\n\"()");
    if (colon != ByteView::npos && left_[colon] == ':') {
      const std::string name = to_lower(left_.substr(0, colon));
      const auto* row = std::ranges::find(kFieldNames, name, &FieldRow::name);
      if (row != std::end(kFieldNames)) {
        fields = row->mask;
        left_.remove_prefix(colon + 1);
      } else if (std::ranges::find(kDateNames, name) != std::end(kDateNames)) {
        left_.remove_prefix(colon + 1);
        return date(name);
      }
    }
    return text(fields);
  }

  // Up to a blank or a parenthesis.
  ByteView piece() {
    const ByteView out = left_.substr(0, left_.find_first_of(" \t\r\n()\""));
    left_.remove_prefix(out.size());
    return out;
  }

  Result<Query> date(const std::string& name) {
    const ByteView day = piece();
    const auto when = period(day);
    if (!when)
      return fail(Errc::invalid, "{}: needs a day like 2026-03-31, a month like 2026-03 or a year, not '{}'", name,
                  printable(day, 40));
    TRY(count());
    Query out;
    out.kind = Kind::date;
    out.from = name == "before" ? Time{std::numeric_limits<std::int64_t>::min()} : when->first;
    out.until = name == "before" ? when->first
                : name == "on"   ? when->second
                                 : Time{std::numeric_limits<std::int64_t>::max()};
    return out;
  }

  Result<Query> text(FieldMask fields) {
    if (left_.starts_with('"')) {
      const std::size_t end = left_.find('"', 1);
      if (end == ByteView::npos) return fail(Errc::invalid, "a quote is not closed");
      Query out = query_of(left_.substr(1, end - 1), fields, true);
      left_.remove_prefix(end + 1);
      if (out.kind != Kind::all) TRY(count());
      return out;
    }
    ByteView word = piece();
    const bool prefix = word.ends_with('*');
    while (word.ends_with('*')) word.remove_suffix(1);
    Query out = query_of(word, fields, false);
    if (out.kind == Kind::all) return out;
    TRY(count());
    if (!prefix) return out;
    Query last;
    last.kind = Kind::prefix;
    last.fields = fields;
    last.words.push_back(std::move(out.words.back()));
    out.words.pop_back();
    if (out.words.empty()) return last;
    TRY(count());
    out.kind = Kind::phrase;
    return join(Kind::conjunction, {std::move(out), std::move(last)});
  }

  Result<void> count() {
    if (++leaves_ > Query::kMaxLeaves) return fail(Errc::too_large, "a query may have {} words", Query::kMaxLeaves);
    return {};
  }

  ByteView left_;
  std::size_t leaves_ = 0;
};

}  // namespace

Query query_of(ByteView text, FieldMask fields, bool exact) {
  Query out;
  out.fields = fields;
  Tokenizer tokenizer;
  tokenizer.each(text, [&out](const Token& token) {
    if (out.words.size() == Query::kMaxLeaves) return;
    out.form = token.word;
    out.words.emplace_back(token.key);
  });
  if (!out.words.empty()) out.kind = exact || out.words.size() > 1 ? Kind::phrase : Kind::word;
  return out;
}

Result<Query> parse_query(ByteView text) {
  if (text.size() > Query::kMaxSize) return fail(Errc::too_large, "a query may have {} octets", Query::kMaxSize);
  if (!codec::utf8_valid(text)) return fail(Errc::invalid, "a query must be UTF-8");
  return Parser(text).run();
}

}  // namespace chappe::post::search
