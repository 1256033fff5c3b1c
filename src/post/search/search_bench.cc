// Search over one mailbox of generated letters, on RocksDB: how fast letters are taken in, how much space that needs,
// and how long queries take. CHAPPE_BENCH_LETTERS: how many letters (100,000); a million take 4 GB of letters and some
// twenty minutes to make and index, and memory that does not grow with them. CHAPPE_BENCH_DIR: where, instead of the
// folder for temporary files.
//
// Words follow Zipf's law over 60,000 made of syllables, with the small words of English and French among the first;
// half of the letters are in either language, 300 to 700 words each. The queries are always the same 1,000: rare words,
// common words, two words, phrases, beginnings of words, 200 each; the best 50 with snippets.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include "codec/utf8.h"
#include "post/mailbox/mailbox.h"
#include "post/search/indexer.h"
#include "post/search/search.h"
#include "store/rocks.h"

namespace chappe::post::search {
namespace {

constexpr AccountId kAccount{7};
constexpr std::size_t kVocabulary = 60'000;
using Random64 = std::mt19937_64;

net::Deadline soon() { return net::Deadline{system_clock().steady() + std::chrono::hours(1)}; }

std::uint32_t letters_wanted() {
  const char* const set = std::getenv("CHAPPE_BENCH_LETTERS");
  return set ? static_cast<std::uint32_t>(std::strtoul(set, nullptr, 10)) : 100'000;
}

// Words of one language, the most frequent first.
std::vector<std::string> vocabulary(std::initializer_list<const char*> small,
                                    std::initializer_list<const char*> syllables, std::uint64_t seed) {
  std::vector<std::string> out(small.begin(), small.end());
  Random64 random(seed);
  const std::vector<std::string> parts(syllables.begin(), syllables.end());
  while (out.size() < kVocabulary) {
    std::string word;
    for (std::uint64_t n = 2 + random() % 3; n > 0; --n) word += parts[random() % parts.size()];
    out.push_back(word);
  }
  return out;
}

class Corpus {
 public:
  Corpus()
      : english_(vocabulary(
            {"the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "are", "with"},
            {"ing", "er", "a",   "ly", "ed", "i",  "es", "re", "tion", "in", "e",  "con", "y",   "ter", "ex",
             "al",  "de", "com", "o",  "di", "en", "an", "ty", "ry",   "ti", "ri", "be",  "per", "to",  "pro"},
            1)),
        french_(vocabulary(
            {"de", "la", "le", "et", "les", "des", "en", "un", "du", "une", "que", "est", "pour", "qui"},
            {"é",  "ment", "tion", "a",  "re",  "eur", "é",  "i",  "con", "ai", "son", "ré", "ve", "dé", "pa",
             "ma", "ti",   "que",  "lé", "cha", "ge",  "pe", "ca", "ri",  "fi", "mo",  "no", "te", "su", "ê"},
            2)) {
    std::vector<double> weights;
    for (std::size_t i = 1; i <= kVocabulary; ++i) weights.push_back(1.0 / static_cast<double>(i));
    zipf_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
  }

  // The words of a letter, which depend on its number alone.
  std::vector<std::string> words(std::uint32_t letter) {
    Random64 random(letter + 1000);
    zipf_.reset();
    const auto& from = letter % 2 ? english_ : french_;
    std::vector<std::string> out;
    for (std::uint64_t n = 300 + random() % 400; n > 0; --n) out.push_back(from[zipf_(random)]);
    return out;
  }
  std::string letter(std::uint32_t number) {
    std::string out = fmt::format(
        "Return-Path: <p{0}@example.org>\r\nReceived: from mx.example.org by mail.example.test with ESMTPS id "
        "{1:026x}; Wed, 25 Nov 2026 20:00:00 +0000\r\nFrom: Person {0} <p{0}@example.org>\r\nTo: alice@example.test\r\n"
        "Message-ID: <{1:x}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\nSubject:",
        number % 500, std::uint64_t{number} * 0x9e3779b97f4a7c15);
    const auto all = words(number);
    for (std::size_t i = 0; i < 6; ++i) out += " " + all[i];
    out += "\r\n\r\n";
    std::size_t column = 0;
    for (const std::string& w : all) {
      out += w;
      column += w.size() + 1;
      out += column > 70 ? "\r\n" : " ";
      if (column > 70) column = 0;
    }
    return out + "\r\n";
  }
  const std::vector<std::string>& english() const { return english_; }

 private:
  std::vector<std::string> english_, french_;
  std::discrete_distribution<std::size_t> zipf_;
};

struct Kind {
  const char* name;
  std::vector<Query> queries;
};

std::vector<Kind> queries(Corpus& corpus, std::uint32_t letters) {
  Random64 random(3);
  std::vector<Kind> out(5);
  const char* const names[] = {"rare", "common", "and", "phrase", "prefix"};
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k].name = names[k];
    while (out[k].queries.size() < 200) {
      const auto words = corpus.words(static_cast<std::uint32_t>(random() % letters));
      const std::size_t at = 20 + random() % (words.size() - 30);
      std::string text;
      switch (k) {
        case 0:
          // Of those that the stemmer leaves as they are: others share their stem with frequent ones.
          do text = corpus.english()[20'000 + random() % 40'000];
          while (!text.ends_with("com") && !text.ends_with("pro") && !text.ends_with("con"));
          break;
        case 1:
          text = corpus.english()[random() % 100];
          break;
        case 2:
          text = words[at] + " " + words[at + 5];
          break;
        case 3:
          text = "\"" + words[at] + " " + words[at + 1] + (random() % 2 ? " " + words[at + 2] : "") + "\"";
          break;
        default:
          text = std::string(codec::utf8_cut(words[at] + "xxx", 4)) + "*";
      }
      if (auto q = parse_query(text)) out[k].queries.push_back(std::move(*q));
    }
  }
  return out;
}

// A folder for a store, gone with it.
class Folder {
 public:
  Folder() {
    const char* const where = std::getenv("CHAPPE_BENCH_DIR");
    path = ((where ? std::filesystem::path(where) : std::filesystem::temp_directory_path()) / "chappe-search-XXXXXX")
               .string();
    if (!::mkdtemp(path.data())) std::abort();
  }
  ~Folder() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1000; }

// A post office with the letters in it, indexed. Made once.
class Site {
 public:
  Site() : letters(letters_wanted()) {
    store::RocksOptions options;
    options.path = folder_.path;
    options.block_cache = 128 * 1024 * 1024;
    options.memtable = 32 * 1024 * 1024;
    options.reserve = 0;
    store_ = store::open_rocks(std::move(options)).value();
    commit.emplace(*store_, store::Commit::Options{.mode = store::Commit::Mode::in_line});
    mailboxes.emplace(*store_, *commit, ids_, system_clock());
    const Steady start = system_clock().steady();
    const MailboxId inbox = executor.run(mailboxes->find(kAccount, "INBOX", soon())).value().id;
    for (std::uint32_t n = 0; n < letters;) {
      std::vector<NewMessage> some;
      for (; n < letters && some.size() < 200; ++n) {
        some.emplace_back().octets = ChunkList(corpus.letter(n));
        octets += some.back().octets.size();
      }
      executor.run(mailboxes->append(kAccount, inbox, std::move(some), soon())).value();
    }
    made = system_clock().steady() - start;
    indexer.emplace(Indexer::Parts{.store = store_.get(), .commit = &*commit, .offload = &offload});
    const Steady began = system_clock().steady();
    const std::clock_t used = std::clock();
    executor.run(indexer->catch_up(kAccount)).value();
    took = system_clock().steady() - began;
    processor = static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC;
    progress = executor.run(indexer->progress(kAccount, soon())).value();
    for (const store::Range& range : all_of(kAccount)) count(range);
    search.emplace(*store_, offload);
  }

  static Site& get() {
    static Site site;
    return site;
  }

  const std::uint32_t letters;
  std::uint64_t octets = 0;        // of letters
  std::uint64_t index_octets = 0;  // of keys and values
  Duration made{}, took{};         // the letters, and the index
  double processor = 0;            // seconds, with what the store does in the background
  Progress progress;
  Corpus corpus;
  net::LocalExecutor executor;
  net::InlineOffload offload;
  std::optional<store::Commit> commit;
  std::optional<Mailboxes> mailboxes;
  std::optional<Indexer> indexer;
  std::optional<Search> search;

 private:
  void count(store::Range range) {
    for (bool more = true; more;) {
      const store::Page page = executor.run(store_->scan(range, {}, soon())).value();
      for (const store::Row& row : page.rows) index_octets += row.key.size() + row.value.size();
      more = page.more;
      if (more) range = store::after(std::move(range), page);
    }
  }

  Folder folder_;
  LetterIds ids_{system_clock(), system_random()};
  std::unique_ptr<store::Store> store_;
};

void taking_in(benchmark::State& state) {
  Site& site = Site::get();
  for (auto _ : state) state.SetIterationTime(milliseconds(site.took) / 1000);
  state.counters["letters_per_s"] = site.letters / (milliseconds(site.took) / 1000);
  state.counters["letters_per_cpu_s"] = site.letters / site.processor;
  state.counters["index_per_octet"] = static_cast<double>(site.index_octets) / static_cast<double>(site.octets);
  state.counters["octets_a_letter"] = static_cast<double>(site.octets) / site.letters;
  state.counters["segments"] = static_cast<double>(site.progress.segments);
  state.counters["made_s"] = milliseconds(site.made) / 1000;
  state.counters["peak_MiB"] = peak_mib();
}
BENCHMARK(taking_in)->Name("search/taking_in")->Iterations(1)->UseManualTime()->Unit(benchmark::kSecond);

void queried(benchmark::State& state) {
  Site& site = Site::get();
  const Kind kind = queries(site.corpus, site.letters)[static_cast<std::size_t>(state.range(0))];
  std::vector<double> times;
  std::uint64_t found = 0;
  for (auto _ : state) {
    const Query& q = kind.queries[times.size() % kind.queries.size()];
    const Steady began = system_clock().steady();
    const Hits hits = site.executor.run(site.search->find(kAccount, q, 50, true, soon())).value();
    times.push_back(milliseconds(system_clock().steady() - began));
    found += hits.total;
  }
  std::ranges::sort(times);
  state.counters["p50_ms"] = times[times.size() / 2];
  state.counters["p99_ms"] = times[times.size() * 99 / 100];
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(times.size());
  state.counters["peak_MiB"] = peak_mib();
  state.SetLabel(kind.name);
}
BENCHMARK(queried)->Name("search/query")->DenseRange(0, 4)->Iterations(200)->Unit(benchmark::kMillisecond);

// What IMAP SEARCH asks: a part of a word, in the middle of the vocabulary.
void narrowed(benchmark::State& state) {
  Site& site = Site::get();
  const MailboxId inbox = site.executor.run(site.mailboxes->find(kAccount, "INBOX", soon())).value().id;
  Random64 random(4);
  std::vector<double> times;
  double left = 0;
  for (auto _ : state) {
    const std::string word = site.corpus.english()[1000 + random() % 20'000];
    Pattern pattern{.text = word.substr(1), .fields = kAllFields, .header = state.range(0) != 0};
    const Steady began = system_clock().steady();
    const Narrowed known = site.executor.run(site.search->narrow(kAccount, inbox, pattern, soon())).value();
    times.push_back(milliseconds(system_clock().steady() - began));
    left += static_cast<double>(site.letters - known.absent.count() - known.present.count());
  }
  std::ranges::sort(times);
  state.counters["p50_ms"] = times[times.size() / 2];
  state.counters["p99_ms"] = times[times.size() * 99 / 100];
  state.counters["left"] = left / static_cast<double>(times.size());
  state.SetLabel(state.range(0) ? "TEXT" : "BODY");
}
BENCHMARK(narrowed)->Name("search/narrow")->DenseRange(0, 1)->Iterations(50)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chappe::post::search
