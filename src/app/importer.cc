#include "app/importer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <list>
#include <unordered_map>

#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"
#include "base/text.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "message/date.h"
#include "message/letter.h"
#include "message/received.h"
#include "post/mailbox/mailbox.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::size_t kSpooled = 512 * 1024;
constexpr std::size_t kBatchOctets = 1024 * 1024;
constexpr std::size_t kBatchLetters = 200;
constexpr std::size_t kPiece = 512 * 1024;  // of a large letter, in one request
constexpr std::size_t kHead = 64 * 1024;    // of a letter, to find its date
constexpr std::size_t kMailboxes = 16;      // whose letters are known at a time
constexpr std::size_t kMostReasons = 1000;  // kept for the report
constexpr std::size_t kMostIndex = 10'000;  // rows of one request
constexpr std::size_t kMostSums = 1000;
constexpr std::int64_t kNear = 2'000'000;  // µs

bool same_date(std::int64_t a, std::int64_t b) { return a - b <= kNear && b - a <= kNear; }

// The letters that a mailbox has, as far as an import must know them.
class Known {
 public:
  using Key = std::array<char, 16>;  // the beginning of a SHA-256
  struct Hash {
    std::size_t operator()(const Key& k) const {
      std::size_t out = 0;
      std::memcpy(&out, k.data(), sizeof out);
      return out;
    }
  };
  static Key key(const crypto::Sum256& sum) {
    Key out;
    std::copy_n(sum.octets.begin(), out.size(), out.begin());
    return out;
  }

  static Result<Known> read(AdminOffice& office, const std::string& account, const std::string& mailbox) {
    Known out;
    for (std::uint64_t after = 0;;) {
      Params params;
      params.add("account", account).add("mailbox", mailbox).add("after", after).add("limit", kMostIndex);
      const auto answer = ask(office, "store.index", params);
      if (!answer && answer.error().code() == Errc::not_found && after == 0) return out;  // it will be made
      if (!answer) return std::unexpected(answer.error());
      for (const Value& row : TRY(answer->value.get("letters"))->items()) {
        const auto& cells = row.items();
        if (cells.size() != 3) return fail(Errc::bug, "an answer that is not understood");
        const std::int64_t uid = TRY(cells[0].as_int()), size = TRY(cells[1].as_int()), date = TRY(cells[2].as_int());
        out.unread_.emplace(static_cast<std::uint64_t>(size), Letter{date, static_cast<std::uint32_t>(uid)});
      }
      if (!answer->value.find("next")) return out;
      after = number_of(answer->value, "next");
    }
  }

  // Whether the letter is there. Asks for the sums of those that could be it, once each.
  Result<bool> has(AdminOffice& office, const std::string& account, const std::string& mailbox, std::uint64_t size,
                   std::int64_t date, const crypto::Sum256& sum) {
    const auto [first, last] = unread_.equal_range(size);
    std::unordered_map<std::uint32_t, std::int64_t> asked;
    for (auto i = first; i != last && asked.size() < kMostSums;) {
      if (!same_date(i->second.date, date)) {
        ++i;
        continue;
      }
      asked.emplace(i->second.uid, i->second.date);
      i = unread_.erase(i);
    }
    if (!asked.empty()) {
      Params params;
      std::vector<std::string> uids;
      for (const auto& [uid, when] : asked) uids.push_back(std::to_string(uid));
      params.add("account", account).add("mailbox", mailbox).add_all("uids", uids);
      const Answer answer = TRY(ask(office, "store.sums", params));
      for (const Value& row : TRY(answer.value.get("sums"))->items()) {
        const auto uid = static_cast<std::uint32_t>(number_of(row, "uid"));
        Key k{};
        const std::string hex = text_of(row, "sha256");
        for (std::size_t i = 0; i < k.size() && 2 * i + 1 < hex.size(); ++i)
          k[i] = static_cast<char>(std::strtol(hex.substr(2 * i, 2).c_str(), nullptr, 16));
        read_.emplace(k, asked[uid]);
      }
    }
    const auto [a, b] = read_.equal_range(key(sum));
    for (auto i = a; i != b; ++i)
      if (same_date(i->second, date)) return true;
    return false;
  }
  void add(std::int64_t date, const crypto::Sum256& sum) { read_.emplace(key(sum), date); }

 private:
  struct Letter {
    std::int64_t date;
    std::uint32_t uid;
  };
  std::unordered_multimap<std::uint64_t, Letter> unread_;  // by size; the sum is not known
  std::unordered_multimap<Key, std::int64_t, Hash> read_;  // date by sum
};

// Octets that are held in memory, or, when there are many, in a file without a name.
class Spool {
 public:
  Spool() = default;
  ~Spool() { reset(); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Result<void> add(ByteView octets) {
    size_ += octets.size();
    hash_.update(octets);
    if (head_.size() < kHead) head_.append(octets.substr(0, kHead - head_.size()));
    if (fd_ < 0 && held_.size() + octets.size() <= kSpooled) {
      held_.append(octets);
      return {};
    }
    if (fd_ < 0) {
      fd_ = TRY(open());
      TRY(write(std::exchange(held_, {})));
    }
    return write(octets);
  }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    size_ = 0;
    held_.clear();
    head_.clear();
    hash_ = {};
  }
  std::uint64_t size() const { return size_; }
  bool large() const { return fd_ >= 0; }
  crypto::Sum256 sum() { return hash_.finish(); }
  const Bytes& head() const { return head_; }
  Bytes take() { return std::exchange(held_, {}); }
  Result<Bytes> read(std::uint64_t offset) const {
    Bytes out(std::min<std::uint64_t>(kPiece, size_ - offset), '\0');
    for (std::size_t got = 0; got < out.size();) {
      const ssize_t n = ::pread(fd_, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (n <= 0) return fail(Errc::io, "the temporary file cannot be read: {}", std::strerror(errno));
      got += static_cast<std::size_t>(n);
    }
    return out;
  }

 private:
  static Result<int> open() {
    const char* folder = std::getenv("TMPDIR");
    const int fd = ::open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return fail(Errc::io, "no temporary file for a large letter: {}", std::strerror(errno));
    return fd;
  }
  Result<void> write(ByteView octets) {
    while (!octets.empty()) {
      const ssize_t n = ::write(fd_, octets.data(), octets.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(Errc::io, "the temporary file cannot be written: {}", std::strerror(errno));
      octets.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  int fd_ = -1;
  std::uint64_t size_ = 0;
  Bytes held_, head_;
  crypto::Sha256 hash_;
};

// When a letter came, as its header says: the newest Received (the first), or its Date.
std::optional<Time> date_in(ByteView head) {
  const message::Letter letter(head);
  if (const auto* received = letter.find(message::FieldName::received))
    if (const auto date = message::parse_received(received->value()).date) return date->time;
  if (const auto* field = letter.find(message::FieldName::date))
    if (const auto date = message::parse_date(field->value())) return date->time;
  return std::nullopt;
}

// Without what no keyword may have.
std::string as_keyword(std::string_view given) {
  std::string out;
  for (const char c : given)
    if (!is_ctl(c) && !is_8bit(c) && std::string_view("(){ %*\"\\]").find(c) == std::string_view::npos) out += c;
  return out.substr(0, post::kMaxKeywordSize);
}

class OfficeImporter final : public Importer {
 public:
  OfficeImporter(const Invocation& invocation, AdminOffice& office, std::string account, std::string into)
      : invocation_(invocation),
        office_(office),
        account_(std::move(account)),
        into_(std::move(into)),
        progress_(invocation) {}

  Result<void> octets(ByteView octets) override { return spool_.add(octets); }
  void drop() override { spool_.reset(); }
  void skipped(std::string where, std::string why) override {
    ++report_.skipped;
    if (report_.reasons.size() < kMostReasons) report_.reasons.emplace_back(where, why);
    if (invocation_.json()) return;
    progress_.clear();
    std::fprintf(stderr, "%s: %s\n", one_line(where).c_str(), one_line(why).c_str());
  }
  void progress(std::uint64_t done, std::uint64_t total) override {
    progress_.show(done, total,
                   fmt::format(fmt::runtime(invocation_.say({"{} letters, {} there already, {} left out",
                                                             "{} lettres, {} déjà présentes, {} laissées"})),
                               report_.imported + batch_.size(), report_.there, report_.skipped));
  }

  Result<void> letter(IncomingLetter letter) override {
    auto done = take(letter);
    spool_.reset();
    return done;
  }

  Result<void> finish() override {
    auto done = flush();
    progress_.clear();
    return done;
  }
  const ImportReport& report() const override { return report_; }

 private:
  struct Pending {
    std::string where;
    Bytes octets;
    std::int64_t date;
    std::vector<std::string> flags;
    crypto::Sum256 sum;
  };

  Result<void> take(IncomingLetter& letter) {
    const auto mailbox = mailbox_of(letter.mailbox);
    if (!mailbox) {
      skipped(letter.where, mailbox.error().text());
      return {};
    }
    if (*mailbox != mailbox_) {
      TRY(flush());
      mailbox_ = *mailbox;
    }
    Known* known = TRY(known_of(mailbox_));
    if (!letter.date) letter.date = date_in(spool_.head());
    if (!letter.date) letter.date = letter.modified;
    const std::int64_t date = letter.date.value_or(Time{}).us;
    const std::uint64_t size = spool_.size();
    const crypto::Sum256 sum = spool_.sum();
    if (TRY(known->has(office_, account_, mailbox_, size, date, sum))) {
      ++report_.there;
      return {};
    }
    known->add(date, sum);
    Pending p{.where = letter.where, .octets = {}, .date = date, .flags = flags_of(letter.flags), .sum = sum};
    if (spool_.large()) return file_large(p);
    p.octets = spool_.take();
    batch_octets_ += size;
    batch_.push_back(std::move(p));
    if (batch_octets_ >= kBatchOctets || batch_.size() == kBatchLetters) return flush();
    return {};
  }

  Result<std::string> mailbox_of(const std::string& relative) const {
    std::string name = into_;
    if (!relative.empty()) name += (name.empty() ? "" : "/") + relative;
    return post::canonical_mailbox_name(name.empty() ? "INBOX" : name);
  }

  // Those that were used last stay.
  Result<Known*> known_of(const std::string& mailbox) {
    for (auto i = known_.begin(); i != known_.end(); ++i) {
      if (i->first != mailbox) continue;
      known_.splice(known_.begin(), known_, i);
      return &known_.front().second;
    }
    Known fresh = TRY(Known::read(office_, account_, mailbox));
    known_.emplace_front(mailbox, std::move(fresh));
    if (known_.size() > kMailboxes) known_.pop_back();
    return &known_.front().second;
  }

  static std::vector<std::string> flags_of(const post::FlagList& flags) {
    std::vector<std::string> out;
    if (flags.system.has(post::Flag::answered)) out.emplace_back("\\Answered");
    if (flags.system.has(post::Flag::flagged)) out.emplace_back("\\Flagged");
    if (flags.system.has(post::Flag::deleted)) out.emplace_back("\\Deleted");
    if (flags.system.has(post::Flag::seen)) out.emplace_back("\\Seen");
    if (flags.system.has(post::Flag::draft)) out.emplace_back("\\Draft");
    for (const std::string& keyword : flags.keywords)
      if (const std::string k = as_keyword(keyword); !k.empty()) out.push_back(k);
    return out;
  }

  void write(Writer& w, const Pending& p, std::optional<std::uint64_t> draft, bool keywords) {
    w.begin_object().field("date", p.date);
    if (draft)
      w.field("draft", *draft);
    else
      w.field("octets", codec::base64_encode(p.octets));
    w.key("flags").begin_array();
    for (const std::string& flag : p.flags)
      if (keywords || flag.front() == '\\') w.value(flag);
    w.end_array().end_object();
  }

  Result<void> append(std::span<const Pending> letters, std::optional<std::uint64_t> draft, bool keywords) {
    std::string text;
    Writer w(text);
    w.begin_object().field("account", account_).field("mailbox", mailbox_).key("letters").begin_array();
    for (const Pending& p : letters) write(w, p, draft, keywords);
    w.end_array().end_object();
    TRY(office_.call("store.append", std::move(text)));
    for (const Pending& p : letters) report_.octets += p.octets.size();
    report_.imported += letters.size();
    return {};
  }

  // A mailbox has room for so many keywords; a letter is worth more than its keywords.
  static bool about_keywords(const Error& error) {
    return error.code() == Errc::too_large || error.code() == Errc::invalid;
  }

  Result<void> flush() {
    if (batch_.empty()) return {};
    const auto batch = std::exchange(batch_, {});
    batch_octets_ = 0;
    auto done = append(batch, {}, true);
    if (done || !about_keywords(done.error())) return done;
    for (const Pending& p : batch) {
      done = append({&p, 1}, {}, true);
      if (!done && about_keywords(done.error())) {
        const std::string why = done.error().text();
        done = append({&p, 1}, {}, false);
        if (done) skipped(p.where, "its keywords only: " + why);
      }
      if (!done && about_keywords(done.error()))
        skipped(p.where, done.error().text());
      else
        TRY(std::move(done));
    }
    return {};
  }

  Result<std::uint64_t> upload() {
    std::optional<std::uint64_t> draft;
    for (std::uint64_t at = 0; at < spool_.size(); at += kPiece) {
      const Bytes piece = TRY(spool_.read(at));
      Params params;
      if (draft) params.add("draft", *draft);
      params.add("octets", codec::base64_encode(piece));
      draft = number_of(TRY(ask(office_, "store.draft", params)).value, "draft");
    }
    return draft.value_or(0);
  }

  Result<void> file_large(const Pending& p) {
    TRY(flush());  // so that letters come in their order
    for (const bool keywords : {true, false}) {
      const auto draft = upload();
      if (!draft && draft.error().code() == Errc::too_large) {
        skipped(p.where, draft.error().text());
        return {};
      }
      if (!draft) return std::unexpected(draft.error());
      auto done = append({&p, 1}, *draft, keywords);
      if (done) report_.octets += spool_.size();
      if (done && !keywords) skipped(p.where, "its keywords only");
      if (done || !about_keywords(done.error())) return done;
    }
    skipped(p.where, "it was refused");
    return {};
  }

  const Invocation& invocation_;
  AdminOffice& office_;
  const std::string account_, into_;
  Progress progress_;
  ImportReport report_;
  Spool spool_;
  std::string mailbox_;
  std::list<std::pair<std::string, Known>> known_;
  std::vector<Pending> batch_;
  std::size_t batch_octets_ = 0;
};

}  // namespace

std::unique_ptr<Importer> make_importer(const Invocation& invocation, AdminOffice& office, std::string account,
                                        std::string into) {
  return std::make_unique<OfficeImporter>(invocation, office, std::move(account), std::move(into));
}

int tell_import(const Invocation& i, const ImportReport& r, const Result<void>& done) {
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("imported", r.imported).field("octets", r.octets).field("duplicates", r.there);
    w.field("skipped", r.skipped).key("reasons").begin_array();
    for (const auto& [where, why] : r.reasons) w.begin_object().field("where", where).field("why", why).end_object();
    w.end_array().field("complete", done.has_value()).end_object();
    print(out + "\n");
  } else {
    print(fmt::format(fmt::runtime(i.say({"{} letters imported ({}), {} were there already, {} left out.\n",
                                          "{} lettres importées ({}), {} déjà présentes, {} laissées.\n"})),
                      r.imported, size_for_people(r.octets, i.french()), r.there, r.skipped));
  }
  if (!done) return i.refuse(done.error());
  return r.skipped > 0 ? error_row(Errc::invalid).exit : 0;
}

}  // namespace chappe::app
