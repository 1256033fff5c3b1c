// Checks against a TestZone: what tests of check.h share.
#pragma once

#include <gtest/gtest.h>

#include "trust/spf/check.h"
#include "trust/spf/test_zone.h"

namespace chappe::trust::spf {

class SpfCheck : public ::testing::Test {
 protected:
  void spf(std::string_view domain, std::string_view record) { zone.txt(domain, {std::string(record)}); }
  Verdict check_mail(std::string_view mail_from, std::string_view ip = "192.0.2.1") {
    query.mail_from = mail_from;
    query.ip = ip;
    return net::run(run_check(&zone, query, false));
  }
  std::string result(std::string_view mail_from = "bob@octo.example", std::string_view ip = "192.0.2.1") {
    return std::string(result_row(check_mail(mail_from, ip).result).name);
  }
  // "permerror too-many-mx"
  std::string why(std::string_view mail_from = "bob@octo.example", std::string_view ip = "192.0.2.1") {
    const Verdict v = check_mail(mail_from, ip);
    return fmt::format("{} {}", result_row(v.result).name, reason_row(v.reason).id);
  }
  static net::Task<Verdict> run_check(dns::Resolver* resolver, Query query, bool helo) {
    const auto deadline = net::Deadline::in(std::chrono::hours(1));
    if (helo) co_return co_await check_helo(*resolver, std::move(query), deadline);
    co_return co_await check(*resolver, std::move(query), deadline);
  }

  TestZone zone;
  Query query{.ip = "", .mail_from = "", .helo = "mx.sender.example", .receiver = "mx.us.example", .now = {}};
};

}  // namespace chappe::trust::spf
