#include "post/search/builder.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::post::search {
namespace {

constexpr std::size_t kTermCost = 200;  // octets that a term takes, about

std::size_t place_of(Where w) { return static_cast<std::size_t>(w); }

}  // namespace

std::uint32_t Builder::intern(TermKind kind, std::string_view key) {
  scratch_.assign(1, static_cast<char>(kind));
  scratch_ += key;
  const auto [at, fresh] = numbers_.try_emplace(scratch_, static_cast<std::uint32_t>(terms_.size()));
  if (fresh) {
    Term& t = terms_.emplace_back();
    t.stems.fill(kUnknown);
    words_.emplace_back();
    bytes_ += kTermCost + key.size();
  }
  return at->second;
}

void Builder::take_token(Where where, const Token& token, bool seen) {
  cut_ = cut_ || token.cut;
  if (!seen || !token.plain) {
    if (hits_.size() == kMaxWords) return;
    hits_.push_back({intern(TermKind::unlike, token.key), Where::header, 0});
  }
  if (hits_.size() == kMaxWords) return;
  const bool header = where == Where::header;
  const std::uint32_t term = intern(header ? TermKind::header : TermKind::word, token.key);
  if (!header) {
    guess_.see(token.key);
    if (words_[term].empty()) words_[term] = token.word;
  }
  hits_.push_back({term, where, next_place_[place_of(where)]++});
}

void Builder::take_text(Where where, const std::string& text, bool seen, bool& whole) {
  const bool all = tokenizer_.each(text, [&](const Token& token) { take_token(where, token, seen); });
  next_place_[place_of(where)] += kApart;
  if (!all || hits_.size() == kMaxWords) whole = false;
}

void Builder::add_posting(Term& term, const Posting& posting) {
  term.postings.push_back(posting);
  bytes_ += sizeof(Posting);
}

std::uint32_t Builder::stem_of(std::uint32_t term, Language language) {
  const auto l = static_cast<std::size_t>(language);
  if (terms_[term].stems[l] != kUnknown) return terms_[term].stems[l];
  std::uint32_t number = kNoTerm;
  if (std::ranges::none_of(words_[term], is_digit)) {
    const std::string stem = stemmer_.stem(language, words_[term]);
    if (!stem.empty() && stem != key_of(words_[term])) number = intern(TermKind::stem, stem);
  }
  terms_[term].stems[l] = number;
  return number;
}

// The hits of a letter, as postings.
void Builder::post(DocId doc) {
  std::ranges::sort(hits_, {}, [](const Hit& h) { return std::tuple(h.term, h.where, h.place); });
  const auto languages = guess_.languages();
  std::vector<std::pair<std::uint32_t, Posting>> stems;
  for (std::size_t i = 0; i < hits_.size();) {
    const std::uint32_t number = hits_[i].term;
    Posting posting{.doc = doc};
    std::vector<std::uint32_t>& places = terms_[number].places;
    const std::size_t before = places.size();
    const bool header = hits_[i].where == Where::header;
    for (; i < hits_.size() && hits_[i].term == number; ++i) {
      if (header) continue;
      std::uint8_t& count = posting.counts[place_of(hits_[i].where)];
      if (count == kMostCounted) continue;
      ++count;
      posting.fields |= field_bit(hits_[i].where);
      places.push_back(hits_[i].place);
    }
    if (header) {
      posting.fields = field_bit(Where::body);  // means nothing here, and is the shortest
      posting.counts[place_of(Where::body)] = 1;
    }
    bytes_ += (places.size() - before) * sizeof(std::uint32_t);
    add_posting(terms_[number], posting);
    if (header) continue;
    for (std::size_t l = 0; l < kLanguages; ++l) {
      if (!languages[l]) continue;
      const std::uint32_t stem = stem_of(number, static_cast<Language>(l));
      if (stem != kNoTerm) stems.emplace_back(stem, posting);
    }
  }
  std::ranges::sort(stems, {}, &std::pair<std::uint32_t, Posting>::first);
  for (std::size_t i = 0; i < stems.size();) {
    Posting sum = stems[i].second;
    const std::uint32_t number = stems[i].first;
    for (++i; i < stems.size() && stems[i].first == number; ++i) {
      const Posting& p = stems[i].second;
      sum.fields |= p.fields;
      for (std::size_t f = 0; f < kFields; ++f)
        sum.counts[f] = static_cast<std::uint8_t>(std::min(kMostCounted, std::uint32_t{sum.counts[f]} + p.counts[f]));
    }
    add_posting(terms_[number], sum);
  }
}

void Builder::mark(DocId doc, ByteView which) {
  Posting posting{.doc = doc, .fields = field_bit(Where::body)};
  posting.counts[place_of(Where::body)] = 1;
  add_posting(terms_[intern(TermKind::mark, which)], posting);
}

std::uint32_t Builder::add(DocId doc, const message::Letter& letter, bool whole, const std::vector<std::string>& more) {
  hits_.clear();
  next_place_ = {};
  guess_ = {};
  cut_ = false;
  if (!each_text(letter, kMaxLetterText, [&](Where where, const std::string& text) {
        take_text(where, text, where != Where::attachment, whole);
      }))
    whole = false;
  // Last, so that the letter's own words have their room. Searches that look into letters look for none of them: what
  // is missing here makes the letter no less whole.
  bool all = true;
  for (const std::string& text : more) take_text(Where::body, caseless(text), false, all);
  const auto words =
      static_cast<std::uint32_t>(std::ranges::count_if(hits_, [](const Hit& h) { return h.where != Where::header; }));
  post(doc);
  if (cut_) mark(doc, kMarkCut);
  if (!whole) mark(doc, kMarkPart);
  if (docs_++ == 0) first_ = doc;
  last_ = doc;
  return words;
}

void Builder::add_unread(DocId doc) {
  mark(doc, kMarkPart);
  if (docs_++ == 0) first_ = doc;
  last_ = doc;
}

Result<Segment> Builder::write(AccountId account, std::uint32_t id, store::Batch& batch,
                               const std::atomic<bool>& stop) const {
  std::vector<std::pair<ByteView, std::uint32_t>> order;
  order.reserve(numbers_.size());
  for (const auto& [term, number] : numbers_) order.emplace_back(term, number);
  std::ranges::sort(order);
  SegmentWriter out(account, id, first_);
  std::vector<std::uint32_t> places;
  for (const auto& [term, number] : order) {
    if (stop) return fail(Errc::cancelled, "the index is to rest");
    const Term& t = terms_[number];
    out.begin(Bytes(term));
    auto place = t.places.begin();
    for (const Posting& p : t.postings) {
      out.add(batch, p);
      if (term.front() != static_cast<char>(TermKind::word)) continue;
      places.assign(place, place + p.places());
      place += p.places();
      out.add_places(batch, p, places);
    }
    out.end(batch);
  }
  out.finish(batch);
  return Segment{.id = id, .first = first_, .last = last_, .docs = docs_, .dead = 0, .octets = out.octets()};
}

}  // namespace chappe::post::search
