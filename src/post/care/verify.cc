#include "post/care/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "post/care/kept.h"
#include "post/care/verify_rows.h"
#include "post/mailbox/summary.h"
#include "post/search/check.h"
#include "store/body_rows.h"
#include "store/live_files.h"
#include "store/walk.h"

namespace chappe::post {

using namespace records;  // NOLINT
using store::Row;
using store::Space;

namespace {

constexpr std::size_t kPlaces = 10;
constexpr Duration kNap = std::chrono::seconds(1);  // between two looks whether to give up

}  // namespace

Verify::Verify(store::Store& store, VerifyOptions options, OnFault on_fault, OnProgress on_progress)
    : store_(store), options_(options), on_fault_(std::move(on_fault)), on_progress_(std::move(on_progress)) {}

void Verify::fault(Finding finding) {
  ++counts_.faults;
  on_fault_(finding);
}

Result<void> Verify::progress() const {
  if (on_progress_ && !on_progress_(counts_)) return fail(Errc::cancelled, "given up");
  return {};
}

// Waits until so many octets may have been read.
Task<Result<void>> Verify::keep_pace(Steady began, Deadline deadline) {
  if (options_.octets_per_second == 0) co_return Result<void>();
  const double seconds = static_cast<double>(counts_.octets) / static_cast<double>(options_.octets_per_second);
  const Steady due = began + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    const Steady now = net::Executor::current()->clock().steady();
    if (now >= due || deadline.passed()) co_return Result<void>();
    (void)co_await net::sleep(Deadline{std::min(due, now + kNap), deadline.cancel});
    CO_TRY(progress());
  }
}

Task<Result<void>> Verify::rows(std::shared_ptr<store::Reader> at, std::size_t pass, std::size_t passes,
                                Deadline deadline) {
  VerifyRows rows(counts_, on_fault_, pass, passes);
  store::RowWalk walk(std::move(at), {}, [this, pass](const Bytes& after, const Error& why) {
    if (pass == 0) fault({Fault::unreadable, {}, "after " + key_text(after), why.text()});
  });
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) break;
    for (const Row& row : some) rows.row(row);
    CO_TRY(progress());
    co_await net::yield();
  }
  rows.end();
  if (pass == 0) indexed_ = rows.indexed();
  co_return Result<void>();
}

Task<Result<void>> Verify::index(AccountId account) {
  search::IndexCheck check(store_.blocking(), account, [this, account](const search::IndexFinding& f) {
    fault({Fault::index_wrong, account, f.what,
           fmt::format("{}{}{}", search::index_fault_name(f.fault), f.detail.empty() ? "" : ": ", f.detail)});
  });
  for (;;) {
    const auto more = check.step();
    // A part of the store that cannot be read is told already; the index cannot be told to be well, then.
    if (!more && more.error().code() == Errc::corrupt)
      fault({Fault::index_wrong, account, "not to be read", more.error().text()});
    if (!more && more.error().code() != Errc::corrupt) co_return std::unexpected(more.error());
    if (!more || !*more) co_return Result<void>();
    CO_TRY(progress());
    co_await net::yield();
  }
}

// Reads one letter, octet for octet.
Task<Result<void>> Verify::letter(store::BodyId id, Deadline deadline) {
  const store::Bodies bodies(store_);
  const auto row = CO_TRY(co_await store_.get(store::body_key(id), deadline));
  if (!row) co_return Result<void>();  // gone meanwhile
  const auto header = store::decode_body_header(row->view());
  if (!header) co_return Result<void>();  // told already
  const store::BodyRef body{id, header->size, header->codec, header->key};
  message::LetterStream look(kLook);
  for (std::uint64_t at = 0; at < body.size; at += store::Flow::kExtent) {
    const auto octets = co_await bodies.read(body, at, store::Flow::kExtent, deadline);
    if (octets) {
      counts_.octets += octets->size();
      for (const Chunk& chunk : octets->chunks()) look.feed(chunk.view());
      continue;
    }
    const Errc code = octets.error().code();
    if (code == Errc::not_found && !CO_TRY(co_await store_.get(store::body_key(id), deadline)))
      co_return Result<void>();
    if (code != Errc::not_found && code != Errc::corrupt && code != Errc::unsupported)
      co_return std::unexpected(octets.error());
    const Fault what = code == Errc::not_found ? Fault::octets_missing : Fault::octets_damaged;
    Finding finding{what, {}, fmt::format("letter {}", LetterId::of(id).text()), octets.error().text(), {}, id};
    if (damaged_.size() < kNamed)
      damaged_.emplace(id, std::move(finding));
    else
      fault(std::move(finding));
    co_return Result<void>();
  }
  co_return co_await summary(body, &look, deadline);
}

// Whether what is told of a letter is what it says. Of a letter that must be looked into nothing is told.
Task<Result<void>> Verify::summary(store::BodyRef body, message::LetterStream* letter, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(summary_key(body.id), deadline));
  if (!row) co_return Result<void>();
  const auto told = decode_summary(row->view());
  if (!told || !*told || (*told)->size != body.size) co_return Result<void>();  // told already, or nothing to tell
  const Digest own = digest_of(body.size, letter->finish(), 0);
  const auto should = decode_summary(own.summary);
  // An older version may have told it in other words.
  const bool comparable = should && *should && own.summary.front() == row->view().front();
  if (comparable && own.summary != row->view())
    fault({Fault::summary_wrong, {}, fmt::format("letter {}", LetterId::of(body.id).text()), {}, {}, body.id});
  co_return Result<void>();
}

Task<Result<void>> Verify::letters(Deadline deadline) {
  const Steady began = net::Executor::current()->clock().steady();
  store::Range range = store::KeyWriter(store::kSystemAccount, Space::body).range();
  range.begin = store::body_key(LetterId::first_at(options_.since).body());
  store::RowWalk walk(store_.snapshot(), std::move(range), [](const Bytes&, const Error&) {});  // told already
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) co_return Result<void>();
    for (const Row& row : some) {
      store::BodyId id;
      if (row.key.size() < id.octets.size()) continue;
      std::ranges::copy(ByteView(row.key).substr(row.key.size() - id.octets.size()), id.octets.begin());
      // A row that cannot be read is told already.
      if (const auto done = co_await letter(id, deadline); !done && done.error().code() != Errc::corrupt)
        co_return std::unexpected(done.error());
      ++counts_.letters;
      CO_TRY(progress());
      CO_TRY(co_await keep_pace(began, deadline));
    }
  }
}

// Tells of damaged letters with who has them: the account of the first row that names one, and kPlaces of these rows.
Task<Result<void>> Verify::owners(Deadline deadline) {
  std::map<store::BodyId, std::size_t> places;
  store::RowWalk walk(store_.snapshot(), {}, [](const Bytes&, const Error&) {});  // told already
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) break;
    for (const Row& row : some) (void)owner(row, places);  // what does not read back was told, too
    CO_TRY(progress());
    co_await net::yield();
  }
  for (auto& [id, finding] : damaged_) fault(std::move(finding));
  damaged_.clear();
  co_return Result<void>();
}

Result<void> Verify::owner(const Row& row, std::map<store::BodyId, std::size_t>& places) {
  const auto tell = [&](const store::BodyId& body, AccountId account, std::string where) {
    const auto i = damaged_.find(body);
    if (i == damaged_.end()) return;
    Finding& finding = i->second;
    const std::size_t before = places[body]++;
    if (before == 0) finding.account = account;
    if (account && account != finding.account) where = fmt::format("account {}, {}", account.value, where);
    if (before < kPlaces) finding.what += (before == 0 ? ": " : "; ") + where;
    if (before == kPlaces) finding.what += "; …";
  };
  store::KeyReader key(row.key);
  const AccountId account{TRY(key.u32())};
  switch (static_cast<Space>(TRY(key.u8()))) {
    case Space::queue: {
      const QueueKey at = TRY(queue_of(row.key));
      tell(TRY(decode_queue(row.value.view(), at)).body.id, {}, fmt::format("queue {}", at.recipient));
      return {};
    }
    case Space::message: {
      const std::uint32_t mailbox = TRY(key.u32());
      const Uid uid{TRY(key.u32())};
      tell(TRY(decode_message(row.value.view(), uid)).body.id, account, place_of(mailbox, uid.value));
      return {};
    }
    case Space::kept: {
      const KeptLetter letter = TRY(decode_kept(account, row));
      tell(letter.record.body.id, account, "deleted, " + place_of(letter.mailbox.value, letter.record.uid.value));
      return {};
    }
    default:
      return {};
  }
}

// Not those of the letters: they have a sum for each part, which is looked at when they are read.
Result<void> Verify::files() {
  store::LiveFiles* const files = store::LiveFiles::of(store_);
  if (!files) return {};
  const auto damaged = TRY(files->damaged([this](std::uint64_t) { return progress().has_value(); }));
  for (const store::LiveFiles::Damage& d : damaged) fault({Fault::file_damaged, {}, d.file, d.why});
  return {};
}

Task<Result<VerifyCounts>> Verify::run(Deadline deadline) {
  CO_TRY(files());
  // How many passes it takes to count who names each body.
  std::size_t bodies = 0;
  const auto at = store_.snapshot();
  store::RowWalk count(at, store::KeyWriter(store::kSystemAccount, Space::body).range(),
                       [](const Bytes&, const Error&) {});
  for (std::vector<Row> some = CO_TRY(co_await count.next(deadline)); !some.empty();
       some = CO_TRY(co_await count.next(deadline)))
    bodies += some.size();
  const std::size_t passes = bodies / kBodiesAtOnce + 1;
  for (std::size_t pass = 0; pass < passes; ++pass) CO_TRY(co_await rows(at, pass, passes, deadline));
  for (const AccountId account : indexed_) CO_TRY(co_await index(account));
  if (options_.letters) CO_TRY(co_await letters(deadline));
  if (!damaged_.empty()) CO_TRY(co_await owners(deadline));
  co_return counts_;
}

}  // namespace chappe::post
