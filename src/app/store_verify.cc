// chappe store verify, repair: whether the store is what it should be, and making it so.
#include <fmt/format.h>

#include <filesystem>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"
#include "base/text.h"
#include "post/care/verify.h"
#include "store/rebuild.h"

namespace chappe::app {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::uint64_t kMegabyte = 1'000'000;

// What a fault is called; its id, if this program does not know it.
std::string name_of(const Invocation& i, const std::string& id) {
  for (const post::FaultRow& row : post::fault_rows())
    if (row.id == id) return std::string(i.french() ? row.fr : row.en);
  return id;
}

// "alice@example.org, mailbox 3, uid 17: A part of a letter is damaged (…)"
std::string line_of(const Invocation& i, const Value& finding) {
  std::string where = text_of(finding, "address");
  if (where.empty() && number_of(finding, "account") > 0)
    where = fmt::format(fmt::runtime(i.say({"account {}", "compte {}"})), number_of(finding, "account"));
  if (!where.empty()) where += ", ";
  const std::string detail = text_of(finding, "detail");
  return one_line(fmt::format("{}{}: {}{}", where, text_of(finding, "what"), name_of(i, text_of(finding, "fault")),
                              detail.empty() ? "" : " (" + detail + ")"));
}

// The counts of an answer of store.job.
constexpr std::string_view kCounts[] = {"rows", "accounts", "messages", "letters", "octets", "faults"};

class Verifying {
 public:
  explicit Verifying(const Invocation& invocation) : i_(invocation), progress_(invocation) {}

  void see(const Value& answer) {
    for (std::size_t n = 0; n < std::size(kCounts); ++n) counts_[n] = number_of(answer, kCounts[n]);
    if (const Value* findings = answer.find("findings"))
      for (const Value& finding : findings->items()) tell(finding);
    progress_.show(
        count("letters"), number_of(answer, "all_letters"),
        fmt::format(fmt::runtime(i_.say({"{} rows, {} letters, {} faults", "{} entrées, {} lettres, {} défauts"})),
                    count("rows"), count("letters"), count("faults")));
  }

  // Gives the exit code.
  int end(const Result<void>& done) {
    progress_.clear();
    const std::uint64_t faults = count("faults");
    if (i_.json()) {
      std::string out;
      Writer w(out);
      w.begin_object();
      for (std::size_t n = 0; n < std::size(kCounts); ++n) w.field(kCounts[n], counts_[n]);
      w.key("findings").begin_array();
      for (const Value& finding : findings_) write_json(w, finding);
      w.end_array().field("complete", done.has_value()).end_object();
      print(out + "\n");
    } else {
      if (faults > told_)
        print(fmt::format(fmt::runtime(i_.say({"… and {} more.\n", "… et {} autres.\n"})), faults - told_));
      print(
          fmt::format(fmt::runtime(i_.say({"{} rows of {} accounts, {} messages, {} letters ({}) looked at: {}\n",
                                           "{} entrées de {} comptes, {} messages, {} lettres ({}) examinés : {}\n"})),
                      count("rows"), count("accounts"), count("messages"), count("letters"),
                      size_for_people(count("octets"), i_.french()), verdict(faults)));
    }
    if (!done) return i_.refuse(done.error());
    return faults > 0 ? error_row(Errc::corrupt).exit : 0;
  }

 private:
  std::uint64_t count(std::string_view name) const {
    return counts_[static_cast<std::size_t>(std::ranges::find(kCounts, name) - std::begin(kCounts))];
  }
  std::string verdict(std::uint64_t faults) const {
    if (faults == 0) return std::string(i_.say({"no fault.", "aucun défaut."}));
    return fmt::format(fmt::runtime(i_.say({"{} faults.", "{} défauts."})), faults);
  }
  void tell(const Value& finding) {
    ++told_;
    if (i_.json()) {
      findings_.push_back(finding);
      return;
    }
    progress_.clear();
    print(line_of(i_, finding) + "\n");
  }

  const Invocation& i_;
  Progress progress_;
  std::array<std::uint64_t, std::size(kCounts)> counts_{};
  std::vector<Value> findings_;
  std::uint64_t told_ = 0;
};

int verify(const Invocation& i, AdminOffice& office, Params& params) {
  const auto begun = ask(office, "store.verify", params);
  if (!begun) return i.refuse(begun.error());
  Verifying verifying(i);
  return verifying.end(
      follow(office, number_of(begun->value, "job"), [&](const Value& answer) { verifying.see(answer); }));
}

// chappe store repair --yes: the store made anew, if it must be, and what is wrong in it then.
class Repairing {
 public:
  Repairing(const Invocation& invocation, std::string aside)
      : i_(invocation), progress_(invocation), aside_(std::move(aside)) {}

  // Gives the exit code.
  int run(Result<std::unique_ptr<AdminOffice>> office) {
    Result<void> done;
    if (office) done = mend(**office);
    const bool damaged = !office || files_ || (!done && done.error().code() == Errc::corrupt);
    // What no server has open can be made anew.
    if (damaged && !(office && (*office)->served())) {
      office = fail(Errc::bug, "not opened yet");  // closes it
      done = rebuild();
      if (done) office = AdminOffice::open(i_);
      if (done && !office) done = std::unexpected(office.error());
      if (done) done = mend(**office);
    }
    progress_.clear();
    tell(done, office && (*office)->served());
    if (!done) return i_.refuse(done.error());
    return left_ > 0 ? error_row(Errc::corrupt).exit : 0;
  }

 private:
  Result<void> mend(AdminOffice& office) {
    Params params;
    params.add("aside", aside_);
    const auto begun = TRY(ask(office, "store.repair", params));
    const std::uint64_t faults = faults_, taken = taken_;
    files_ = false;
    return follow(office, number_of(begun.value, "job"), [&](const Value& answer) {
      faults_ = faults + number_of(answer, "faults");
      taken_ = taken + number_of(answer, "taken");
      left_ = number_of(answer, "left");
      if (const Value* some = answer.find("findings"))
        for (const Value& finding : some->items()) found(finding);
      progress_.show(
          0, 0,
          fmt::format(fmt::runtime(i_.say({"{} faults, {} taken away", "{} défauts, {} retirés"})), faults_, taken_));
    });
  }

  void found(const Value& finding) {
    for (const post::FaultRow& row : post::fault_rows())
      if (row.id == text_of(finding, "fault")) files_ = files_ || wants_rebuild(row.fault);
    if (i_.json()) return findings_.push_back(finding);
    progress_.clear();
    print(line_of(i_, finding) + "\n");
  }

  Result<void> rebuild() {
    store::RocksOptions options;
    options.path = TRY(data_dir_of(i_)) + "/store";
    const auto place = [&](const std::string& what) {
      places_.push_back(what);
      progress_.clear();
      if (!i_.json()) print(one_line(what) + "\n");
    };
    rebuilt_ = TRY(store::rebuild(std::move(options), place, [&](const store::Rebuilt& now) {
      progress_.show(0, 0, fmt::format(fmt::runtime(i_.say({"{} rows", "{} entrées"})), now.rows));
      return true;
    }));
    return {};
  }

  void tell(const Result<void>& done, bool served) const {
    if (i_.json()) return tell_json(done);
    if (rebuilt_)
      print(fmt::format(
          fmt::runtime(
              i_.say({"The store was made anew from {} rows and {} writes of its log; {} bits were put right, {} "
                      "places could not be read. The old files are in {}\n",
                      "Le magasin a été refait avec {} entrées et {} écritures de son journal ; {} bits ont été "
                      "rétablis, {} endroits sont illisibles. Les anciens fichiers sont dans {}\n"})),
          rebuilt_->rows, rebuilt_->batches, rebuilt_->mended, rebuilt_->damaged, rebuilt_->aside));
    print(fmt::format(fmt::runtime(i_.say({"{} faults; {} rows and letters were taken away, {} faults are left.\n",
                                           "{} défauts ; {} entrées et lettres retirées, {} défauts restent.\n"})),
                      faults_, taken_, left_));
    if (taken_ > 0)
      print(fmt::format(fmt::runtime(i_.say({"What was taken away is in {}\n", "Ce qui fut retiré est dans {}\n"})),
                        aside_));
    if (files_ && served)
      print(
          i_.say({"A damaged file cannot be mended while the server runs: stop it, and repair again.\n",
                  "Un fichier abîmé ne se répare pas quand le serveur est en marche : arrêtez-le et recommencez.\n"}));
  }

  void tell_json(const Result<void>& done) const {
    std::string out;
    Writer w(out);
    w.begin_object().field("faults", faults_).field("taken", taken_).field("left", left_).field("aside", aside_);
    w.key("findings").begin_array();
    for (const Value& finding : findings_) write_json(w, finding);
    w.end_array();
    if (rebuilt_) {
      w.key("rebuilt").begin_object().field("rows", rebuilt_->rows).field("batches", rebuilt_->batches);
      w.field("mended", rebuilt_->mended).field("damaged", rebuilt_->damaged).field("aside", rebuilt_->aside);
      w.key("places").begin_array();
      for (const std::string& place : places_) w.value(place);
      w.end_array().end_object();
    }
    w.field("complete", done.has_value()).end_object();
    print(out + "\n");
  }

  const Invocation& i_;
  Progress progress_;
  const std::string aside_;
  std::uint64_t faults_ = 0, taken_ = 0, left_ = 0;
  bool files_ = false;  // some of it is damage that only a new store mends
  std::vector<Value> findings_;
  std::optional<store::Rebuilt> rebuilt_;
  std::vector<std::string> places_;
};

void say_yes(const Invocation& i) {
  if (i.json()) return;
  std::fprintf(stderr, "%s\n",
               std::string(i.say({"Nothing was changed. To mend it, say --yes.",
                                  "Rien n'a été changé. Pour réparer, dites --yes."}))
                   .c_str());
}

}  // namespace

int store_verify(const Invocation& invocation) {
  const auto rate = to_number<std::uint64_t>(invocation.value("rate").value_or("0"));
  if (!rate || *rate > UINT32_MAX)
    return invocation.refuse(Error(Errc::usage, std::string(invocation.say({"--rate is a number of megabytes a second",
                                                                            "--rate est un nombre de mégaoctets par "
                                                                            "seconde"}))));
  Params params;
  params.add("letters", !invocation.has("quick")).add("rate", *rate * kMegabyte);
  if (const auto since = invocation.value("since")) {
    const auto time = moment(*since);
    if (!time) return invocation.refuse(time.error());
    params.add("since", *time);
  }
  auto office = AdminOffice::open(invocation);
  if (!office) return invocation.refuse(office.error());
  return verify(invocation, **office, params);
}

int store_repair(const Invocation& invocation) {
  auto office = AdminOffice::open(invocation);
  if (!office && (!invocation.has("yes") || office.error().code() != Errc::corrupt)) {
    const int code = invocation.refuse(office.error());
    if (office.error().code() == Errc::corrupt) say_yes(invocation);
    return code;
  }
  if (!invocation.has("yes")) {
    Params all;
    const int code = verify(invocation, **office, all);
    if (code != 0) say_yes(invocation);
    return code;
  }
  auto aside = invocation.value("aside");
  if (!aside) {
    const auto dir = data_dir_of(invocation);
    if (!dir) return invocation.refuse(dir.error());
    aside = fmt::format("{}/aside-{}", *dir, system_clock().now().us / 1'000'000);
  }
  return Repairing(invocation, std::filesystem::absolute(*aside).lexically_normal().string()).run(std::move(office));
}

}  // namespace chappe::app
