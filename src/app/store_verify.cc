// chappe store verify, repair: whether the store is what it should be, and making it so.
#include <fmt/format.h>

#include <filesystem>

#include "app/admin.h"
#include "app/admin_call.h"
#include "app/admin_input.h"
#include "app/progress.h"
#include "base/text.h"
#include "post/care/verify.h"

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

int verify(const Invocation& i, AdminOffice& office, const Params& params) {
  const auto begun = ask(office, "store.verify", params);
  if (!begun) return i.refuse(begun.error());
  Verifying verifying(i);
  return verifying.end(
      follow(office, number_of(begun->value, "job"), [&](const Value& answer) { verifying.see(answer); }));
}

int repair(const Invocation& i, AdminOffice& office, const std::string& aside) {
  Params params;
  params.add("aside", aside);
  const auto begun = ask(office, "store.repair", params);
  if (!begun) return i.refuse(begun.error());
  std::uint64_t faults = 0, taken = 0, left = 0;
  std::vector<Value> findings;
  Progress progress(i);
  const auto done = follow(office, number_of(begun->value, "job"), [&](const Value& answer) {
    faults = number_of(answer, "faults");
    taken = number_of(answer, "taken");
    left = number_of(answer, "left");
    if (const Value* some = answer.find("findings")) {
      progress.clear();
      for (const Value& finding : some->items()) {
        if (i.json())
          findings.push_back(finding);
        else
          print(line_of(i, finding) + "\n");
      }
    }
    progress.show(
        0, 0, fmt::format(fmt::runtime(i.say({"{} faults, {} taken away", "{} défauts, {} retirés"})), faults, taken));
  });
  progress.clear();
  if (i.json()) {
    std::string out;
    Writer w(out);
    w.begin_object().field("faults", faults).field("taken", taken).field("left", left).field("aside", aside);
    w.key("findings").begin_array();
    for (const Value& finding : findings) write_json(w, finding);
    w.end_array().field("complete", done.has_value()).end_object();
    print(out + "\n");
  } else {
    print(fmt::format(fmt::runtime(i.say({"{} faults; {} rows and letters were taken away, {} faults are left.\n",
                                          "{} défauts ; {} entrées et lettres retirées, {} défauts restent.\n"})),
                      faults, taken, left));
    if (taken > 0)
      print(fmt::format(fmt::runtime(i.say({"What was taken away is in {}\n", "Ce qui fut retiré est dans {}\n"})),
                        aside));
  }
  if (!done) return i.refuse(done.error());
  return left > 0 ? error_row(Errc::corrupt).exit : 0;
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
  if (!office) return invocation.refuse(office.error());
  if (!invocation.has("yes")) {
    const int code = verify(invocation, **office, Params());
    if (code != 0 && !invocation.json())
      std::fprintf(stderr, "%s\n",
                   std::string(invocation.say({"Nothing was changed. To mend it, say --yes.",
                                               "Rien n'a été changé. Pour réparer, dites --yes."}))
                       .c_str());
    return code;
  }
  auto aside = invocation.value("aside");
  if (!aside) {
    const auto dir = data_dir_of(invocation);
    if (!dir) return invocation.refuse(dir.error());
    aside = fmt::format("{}/aside-{}", *dir, system_clock().now().us / 1'000'000);
  }
  return repair(invocation, **office, std::filesystem::absolute(*aside).lexically_normal().string());
}

}  // namespace chappe::app
