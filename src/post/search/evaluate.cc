#include "post/search/evaluate.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>

namespace chappe::post::search {
namespace {

using Kind = Query::Kind;

constexpr float kK1 = 1.2f, kB = 0.75f;
constexpr float kOtherForm = 0.6f;
// By number of the field (Where).
constexpr std::array<float, kFields> kWeights = {4, 3, 2, 2, 2, 2, 2, 1};

float weight_of(const Posting& p, FieldMask fields) {
  float out = 0;
  for (std::size_t f = 0; f < kFields; ++f)
    if (fields >> f & 1) out += kWeights[f] * static_cast<float>(p.counts[f]);
  return out;
}

}  // namespace

Matches both(const Matches& a, const Matches& b) {
  Matches out;
  out.reserve(std::min(a.size(), b.size()));
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() && j != b.end()) {
    if (i->doc < j->doc)
      ++i;
    else if (j->doc < i->doc)
      ++j;
    else
      out.push_back({i->doc, i++->score + j++->score});
  }
  return out;
}

Matches either(const Matches& a, const Matches& b, Scores scores) {
  if (a.empty()) return b;
  Matches out;
  out.reserve(a.size() + b.size());
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && i->doc < j->doc))
      out.push_back(*i++);
    else if (i == a.end() || j->doc < i->doc)
      out.push_back(*j++);
    else {
      const float x = i->score, y = j++->score;
      out.push_back({i++->doc, scores == Scores::sum ? x + y : std::max(x, y)});
    }
  }
  return out;
}

Matches without(const Matches& a, const Matches& b) {
  Matches out;
  auto j = b.begin();
  for (const Match& m : a) {
    while (j != b.end() && j->doc < m.doc) ++j;
    if (j == b.end() || j->doc != m.doc) out.push_back(m);
  }
  return out;
}

Evaluation::Evaluation(Blocking* store, AccountId account, const State& state, Stemmer& stemmer)
    : store_(store), account_(account), state_(state), stemmer_(stemmer), lengths_(store, account) {
  const float mean =
      state.docs == 0 ? 1 : std::max(1.0f, static_cast<float>(state.words) / static_cast<float>(state.docs));
  for (std::size_t code = 0; code < norms_.size(); ++code)
    norms_[code] = kK1 * (1 - kB + kB * length_of(static_cast<std::uint8_t>(code)) / mean);
}

Result<void> Evaluation::score(Matches& counted, float factor) {
  const float all = static_cast<float>(state_.docs);
  const float having = std::min(all, static_cast<float>(counted.size()));
  const float idf = factor * (kK1 + 1) * std::log(1 + (all - having + 0.5f) / (having + 0.5f));
  std::size_t kept = 0;
  for (const Match& m : counted) {
    const std::uint8_t code = TRY(lengths_.code(m.doc));
    if (code == 0) continue;
    counted[kept++] = {m.doc, idf * m.score / (m.score + norms_[code])};
  }
  counted.resize(kept);
  return {};
}

Result<Matches> Evaluation::term(TermKind kind, const std::string& key, FieldMask fields, float factor) {
  const Bytes whole = term_of(kind, key);
  Matches out;
  for (const Segment& segment : state_.segments) {
    const auto entry = TRY(find_term(store_, account_, segment.id, whole));
    if (!entry) continue;
    SegmentReader rows{store_, account_, segment};
    TermReader reader(&rows, *entry);
    while (reader.next()) {
      const Posting& p = reader.posting();
      if (p.fields & fields) out.push_back({p.doc, weight_of(p, fields)});
    }
    TRY(reader.fault());
  }
  TRY(score(out, factor));
  return out;
}

Result<Matches> Evaluation::word(const Query& query) {
  const std::string& key = query.words.front();
  Matches out = TRY(term(TermKind::word, key, query.fields, 1));
  std::vector<std::string> stems;
  for (std::size_t l = 0; l < kLanguages; ++l) {
    std::string stem = stemmer_.stem(static_cast<Language>(l), query.form);
    if (!stem.empty() && std::ranges::find(stems, stem) == stems.end()) stems.push_back(std::move(stem));
  }
  // A word that is its own stem stands under the word alone.
  for (const std::string& stem : stems) {
    const Matches others = TRY(term(TermKind::stem, stem, query.fields, kOtherForm));
    out = either(out, others, Scores::best);
    if (stem == key) continue;
    const Matches plain = TRY(term(TermKind::word, stem, query.fields, kOtherForm));
    out = either(out, plain, Scores::best);
  }
  return out;
}

Result<Matches> Evaluation::prefix(const Query& query) {
  const Bytes begin = term_of(TermKind::word, query.words.front());
  Matches out;
  for (const Segment& segment : state_.segments) {
    std::vector<float> counts;
    SegmentReader rows{store_, account_, segment};
    TermCursor cursor = TRY(TermCursor::seek(store_, account_, segment.id, begin));
    for (; !cursor.done() && cursor.entry().term.starts_with(begin); TRY(cursor.next())) {
      if (counts.empty()) counts.resize(segment.last - segment.first + 1);
      TermReader reader(&rows, cursor.entry());
      while (reader.next()) {
        const Posting& p = reader.posting();
        if (p.doc > segment.last) return fail(Errc::corrupt, "a posting list of the search index leaves its segment");
        if (p.fields & query.fields) counts[p.doc - segment.first] += weight_of(p, query.fields);
      }
      TRY(reader.fault());
    }
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] > 0) out.push_back({segment.first + static_cast<DocId>(i), counts[i]});
  }
  TRY(score(out, 1));
  return out;
}

Result<void> Evaluation::phrase(const Query& query, const Segment& segment, Matches& out) {
  std::deque<SegmentReader> rows;  // each its own: they read at places far apart
  std::vector<std::unique_ptr<TermReader>> readers;
  for (const std::string& key : query.words) {
    const auto entry = TRY(find_term(store_, account_, segment.id, term_of(TermKind::word, key)));
    if (!entry) return {};
    readers.push_back(std::make_unique<TermReader>(&rows.emplace_back(store_, account_, segment), *entry));
    if (!readers.back()->next()) return readers.back()->fault();
  }
  for (;;) {
    // All at one document.
    DocId doc = 0;
    for (const auto& r : readers) doc = std::max(doc, r->posting().doc);
    bool same = true;
    for (const auto& r : readers) {
      while (r->posting().doc < doc)
        if (!r->next()) return r->fault();
      same = same && r->posting().doc == doc;
    }
    if (!same) continue;
    float count = 0;
    FieldMask fields = query.fields;
    for (const auto& r : readers) fields &= r->posting().fields;
    if (fields != 0) {
      for (const auto& r : readers) {
        const bool whole = r->places().size() == r->posting().places();
        TRY(r->fault());
        if (!whole) return fail(Errc::corrupt, "the places of a word in the search index are not all there");
      }
      std::vector<std::size_t> at(readers.size(), 0);  // where the field begins among the places
      for (std::size_t f = 0; f < kFields; ++f) {
        const auto stretch = [&](std::size_t i) {
          const auto begin = readers[i]->places().begin() + static_cast<std::ptrdiff_t>(at[i]);
          return std::pair(begin, begin + readers[i]->posting().counts[f]);
        };
        if (fields >> f & 1) {
          const auto [first, last] = stretch(0);
          for (auto p = first; p != last; ++p) {
            bool whole = true;
            for (std::size_t i = 1; whole && i < readers.size(); ++i) {
              const auto [from, to] = stretch(i);
              whole = std::binary_search(from, to, *p + static_cast<std::uint32_t>(i));
            }
            if (whole) count += kWeights[f];
          }
        }
        for (std::size_t i = 0; i < readers.size(); ++i) at[i] += readers[i]->posting().counts[f];
      }
    }
    if (count > 0) out.push_back({doc, count});
    if (!readers.front()->next()) return readers.front()->fault();
  }
}

Result<Matches> Evaluation::phrase(const Query& query) {
  if (query.words.size() == 1) return term(TermKind::word, query.words.front(), query.fields, 1);
  Matches out;
  for (const Segment& segment : state_.segments) TRY(phrase(query, segment, out));
  TRY(score(out, static_cast<float>(query.words.size())));
  return out;
}

Result<Matches> Evaluation::dates(Time from, Time until) {
  Matches out;
  store::Range range = date_range(account_);
  const std::uint32_t first = minutes_of(from);
  const std::uint32_t last = minutes_of(until);
  for (bool more = true; more;) {
    const store::Page page = TRY(store_->scan(range));
    for (const store::Row& row : page.rows) {
      const std::uint32_t number = TRY(page_of(account_, row.key));
      const DatePage dates = TRY(decode_dates(row.value.view()));
      for (std::uint32_t i = 0; i < kDatesPage; ++i) {
        if (dates[i] < first || dates[i] >= last) continue;
        const DocId doc = number * kDatesPage + i;
        if (TRY(lengths_.code(doc)) != 0) out.push_back({doc, 0});
      }
    }
    more = page.more;
    if (more) range = store::after(std::move(range), page);
  }
  return out;
}

Result<Matches> Evaluation::everything() {
  Matches out;
  store::Range range = length_range(account_);
  for (bool more = true; more;) {
    const store::Page page = TRY(store_->scan(range));
    for (const store::Row& row : page.rows) {
      const std::uint32_t number = TRY(page_of(account_, row.key));
      const LengthPage lengths = TRY(decode_lengths(row.value.view()));
      for (std::uint32_t i = 0; i < kLengthsPage; ++i)
        if (lengths[i] != 0) out.push_back({number * kLengthsPage + i, 0});
    }
    more = page.more;
    if (more) range = store::after(std::move(range), page);
  }
  return out;
}

Result<Matches> Evaluation::conjunction(const Query& query) {
  std::optional<Matches> out;
  for (const Query& child : query.children) {
    if (child.kind == Kind::negation) continue;
    Matches matches = TRY(run(child));
    out = out ? both(*out, matches) : std::move(matches);
    if (out->empty()) return std::move(*out);
  }
  if (!out) out = TRY(everything());
  for (const Query& child : query.children) {
    if (child.kind != Kind::negation) continue;
    const Matches matches = TRY(run(child.children.front()));
    out = without(*out, matches);
  }
  return std::move(*out);
}

Result<Matches> Evaluation::run(const Query& query) {
  switch (query.kind) {
    case Kind::all:
      return everything();
    case Kind::word:
      return word(query);
    case Kind::prefix:
      return prefix(query);
    case Kind::phrase:
      return phrase(query);
    case Kind::date:
      return dates(query.from, query.until);
    case Kind::conjunction:
      return conjunction(query);
    case Kind::disjunction: {
      Matches out;
      for (const Query& child : query.children) {
        const Matches matches = TRY(run(child));
        out = either(out, matches, Scores::sum);
      }
      return out;
    }
    case Kind::negation: {
      const Matches all = TRY(everything());
      const Matches matches = TRY(run(query.children.front()));
      return without(all, matches);
    }
  }
  return fail(Errc::bug, "a query of no kind");
}

}  // namespace chappe::post::search
