#include "post/search/narrow.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::post::search {
namespace {

using Kind = Condition::Kind;

constexpr std::size_t kSurelyKept = kMaxToken - 4;  // octets that a cut key has at least

void add_condition(std::vector<Condition>& out, Kind kind, std::string key) {
  if (kind == Kind::beginning) key.resize(codec::utf8_cut(key, kSurelyKept).size());
  // A longer one would be in no key: it says nothing that kMarkCut does not.
  if ((kind == Kind::end || kind == Kind::middle) && (key.size() < Narrowing::kShortest || key.size() > kMaxToken))
    return;
  if (Condition c{kind, std::move(key)}; !c.key.empty() && std::ranges::find(out, c) == out.end())
    out.push_back(std::move(c));
}

// The rows of solid characters of a piece of which not both ends are known.
void add_rows(std::vector<Condition>& out, ByteView piece, bool begins, bool ends) {
  for (ByteView rest = piece; !rest.empty();) {
    ByteView row = rest;
    std::size_t size = 0;
    while (!row.empty()) {
      const char32_t c = codec::take_utf8(row);
      if (!is_solid(c)) break;
      size = rest.size() - row.size();
    }
    if (size > 0) {
      const bool first = rest.size() == piece.size();
      const bool last = size == rest.size();
      const Kind kind = first && begins ? Kind::beginning : last && ends ? Kind::end : Kind::middle;
      add_condition(out, kind, key_of(rest.substr(0, size)));
    }
    rest = size == rest.size() ? ByteView() : row;
  }
}

bool holds(const Condition& c, ByteView key) {
  return c.kind == Kind::end ? key.ends_with(c.key) : key.find(c.key) != ByteView::npos;
}

}  // namespace

std::vector<Condition> conditions_of(ByteView pattern, Tokenizer& tokenizer) {
  std::vector<Condition> out;
  bool begins = false;  // there is a divider before the piece
  for (ByteView rest = pattern; !rest.empty();) {
    ByteView at = rest;
    std::size_t size = rest.size();
    bool ends = false;
    while (!at.empty()) {
      const std::size_t before = rest.size() - at.size();
      if (!is_divider(codec::take_utf8(at))) continue;
      size = before;
      ends = true;
      break;
    }
    const ByteView piece = rest.substr(0, size);
    if (begins && ends)
      tokenizer.each(piece, [&out](const Token& t) { add_condition(out, Kind::word, std::string(t.key)); });
    else
      add_rows(out, piece, begins, ends);
    rest = ends ? at : ByteView();
    begins = true;
  }
  return out;
}

Result<void> Narrowing::add_term(SegmentReader& rows, const TermEntry& entry, FieldMask fields, Docs& docs) {
  TermReader reader(&rows, entry);
  while (reader.next()) {
    ++postings_;
    const Posting& p = reader.posting();
    if (p.doc >= docs.size()) return fail(Errc::corrupt, "a posting list of the search index names no document");
    if (p.fields & fields) docs[p.doc] = true;
  }
  return reader.fault();
}

Result<void> Narrowing::add_word(TermKind kind, const std::string& key, FieldMask fields, Docs& docs) {
  for (const Segment& segment : state_.segments) {
    SegmentReader rows{store_, account_, segment};
    if (const auto entry = TRY(find_term(store_, account_, segment.id, term_of(kind, key))))
      TRY(add_term(rows, *entry, fields, docs));
  }
  return {};
}

Result<void> Narrowing::add_beginning(TermKind kind, const std::string& key, FieldMask fields, Docs& docs) {
  const Bytes begin = term_of(kind, key);
  for (const Segment& segment : state_.segments) {
    SegmentReader rows{store_, account_, segment};
    TermCursor cursor = TRY(TermCursor::seek(store_, account_, segment.id, begin));
    for (; !cursor.done() && cursor.entry().term.starts_with(begin); TRY(cursor.next()))
      TRY(add_term(rows, cursor.entry(), fields, docs));
  }
  return {};
}

// Reads through all terms of a kind, once for all conditions.
Result<void> Narrowing::add_holding(TermKind kind, const std::vector<const Condition*>& conditions, FieldMask fields,
                                    std::vector<Docs>& docs) {
  const char first = static_cast<char>(kind);
  for (const Segment& segment : state_.segments) {
    SegmentReader rows{store_, account_, segment};
    store::Range range = term_range(account_, segment.id);
    // The page that holds the first term of this kind may begin with one of the kind before.
    const Bytes from = term_key(account_, segment.id, ByteView(&first, 1));
    const store::Page before = TRY(store_->scan({range.begin, from + '\0'}, {.rows = 1, .reverse = true}));
    if (!before.rows.empty()) range.begin = before.rows.front().key;
    bool done = false;
    for (bool more = true; more && !done;) {
      const store::Page page = TRY(store_->scan(range, {.rows = 64}));
      for (const store::Row& row : page.rows) {
        std::vector<TermEntry> found;
        TRY(each_term(row.value.view(), [&](const TermEntry& e) {
          if (e.term.front() > first) done = true;
          if (e.term.front() != first) return !done;
          const ByteView key = ByteView(e.term).substr(1);
          if (std::ranges::any_of(conditions, [key](const Condition* c) { return holds(*c, key); })) found.push_back(e);
          return true;
        }));
        for (const TermEntry& e : found) {
          const ByteView key = ByteView(e.term).substr(1);
          for (std::size_t i = 0; i < conditions.size(); ++i)
            if (holds(*conditions[i], key)) TRY(add_term(rows, e, fields, docs[i]));
          if (postings_ > kPostings) return {};
        }
        if (done) break;
      }
      more = page.more;
      if (more) range = store::after(std::move(range), page);
    }
  }
  return {};
}

void Narrowing::narrow(const Docs& docs) {
  if (!candidates_) {
    candidates_ = docs;
    return;
  }
  for (std::size_t i = 0; i < docs.size(); ++i)
    if (!docs[i]) (*candidates_)[i] = false;
}

Result<void> Narrowing::narrow_by_holding(const Pattern& pattern, const std::vector<const Condition*>& holding) {
  const Docs none(state_.next_doc, false);
  std::vector<Docs> docs(holding.size(), none);
  postings_ = 0;
  if (pattern.fields != 0) TRY(add_holding(TermKind::word, holding, pattern.fields, docs));
  if (pattern.header) TRY(add_holding(TermKind::header, holding, kAllFields, docs));
  // The one condition is the pattern.
  std::vector<Docs> unlike(1, none);
  const bool provable = holding.size() == 1 && holding.front()->key == pattern.text && pattern.field_name.empty() &&
                        std::ranges::all_of(pattern.text, [](char c) { return is_alnum(c); });
  if (provable) TRY(add_holding(TermKind::unlike, holding, kAllFields, unlike));
  if (postings_ > kPostings) return {};
  for (const Docs& d : docs) narrow(d);
  if (provable) {
    sure_ = docs.front();
    for (std::size_t i = 0; i < sure_.size(); ++i)
      if (unlike.front()[i]) sure_[i] = false;
  }
  TRY(add_word(TermKind::mark, std::string(kMarkCut), kAllFields, *candidates_));
  return {};
}

Result<Narrowed> Narrowing::run(const Pattern& pattern, MailboxId mailbox, Tokenizer& tokenizer) {
  Narrowed out;
  const Docs none(state_.next_doc, false);
  std::vector<Condition> conditions = conditions_of(pattern.text, tokenizer);
  // The text begins with the name and a colon: its words are words of the text (1).
  tokenizer.each(pattern.field_name,
                 [&](const Token& t) { add_condition(conditions, Kind::word, std::string(t.key)); });
  std::vector<const Condition*> holding;
  for (const Condition& c : conditions) {
    if (c.kind == Kind::end || c.kind == Kind::middle) {
      holding.push_back(&c);
      continue;
    }
    Docs docs = none;
    for (const TermKind kind : {TermKind::word, TermKind::header}) {
      const bool header = kind == TermKind::header;
      if (header ? !pattern.header : pattern.fields == 0) continue;
      const FieldMask fields = header ? kAllFields : pattern.fields;
      TRY(c.kind == Kind::word ? add_word(kind, c.key, fields, docs) : add_beginning(kind, c.key, fields, docs));
    }
    narrow(docs);
  }
  if (!holding.empty() && (!candidates_ || std::ranges::count(*candidates_, true) > kFew))
    TRY(narrow_by_holding(pattern, holding));
  if (!candidates_) return out;
  TRY(add_word(TermKind::mark, std::string(kMarkPart), kAllFields, *candidates_));

  TRY(each_place(store_, account_, mailbox, [&](Uid uid, DocId doc) {
    if (doc >= candidates_->size()) return;
    if (!(*candidates_)[doc])
      out.absent.add(uid);
    else if (doc < sure_.size() && sure_[doc])
      out.present.add(uid);
  }));
  return out;
}

}  // namespace chappe::post::search
