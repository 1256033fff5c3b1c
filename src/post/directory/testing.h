// A directory on a store in memory, for the tests and fuzzers of this folder.
#pragma once

#include <gtest/gtest.h>

#include "post/directory/directory.h"
#include "store/memory.h"

namespace chappe::post::testing {

inline constexpr crypto::Argon2Params kCheap = {.memory_kib = 8, .passes = 1, .lanes = 1};

// Runs work on the calling thread, and counts it.
class CountingOffload final : public net::Offload {
 public:
  bool try_submit(net::Work work) override {
    ++count;
    work();
    return true;
  }
  int count = 0;
};

inline Deadline soon() { return {.when = system_clock().steady() + std::chrono::seconds(60)}; }

class DirectoryTest : public ::testing::Test {
 protected:
  explicit DirectoryTest(DirectoryOptions options = {.argon2 = kCheap}) : options_(std::move(options)) { reopen(); }

  void reopen() {
    directory_.reset();
    auto opened = net::run(Directory::open(parts(), options_, soon()));
    ASSERT_TRUE(opened.has_value()) << opened.error().describe();
    directory_ = std::move(*opened);
  }
  Directory::Parts parts() {
    return {.store = store_.get(), .commit = &commit_, .offload = &offload_, .clock = &clock_, .random = &random_};
  }

  // What came of a call: "" or the error's name.
  template <class T>
  static std::string error(const Result<T>& result) {
    return result ? std::string() : std::string(error_row(result.error().code()).name);
  }

  std::string add_domain(std::string name, DomainSettings settings = {}) {
    return error(net::run(directory_->add_domain("test", std::move(name), settings, soon())));
  }
  std::string add_account(std::string address, std::string_view password = "") {
    return error(net::run(directory_->add_account("test", std::move(address), crypto::Secret(password), {}, soon())));
  }
  std::string set_alias(std::string address, std::vector<std::string> targets) {
    return error(net::run(directory_->set_alias("test", std::move(address), std::move(targets), soon())));
  }
  AccountId id(std::string address) {
    const auto account = net::run(directory_->show_account(std::move(address), soon()));
    return account ? account->id : AccountId();
  }
  // The account that logs in, or the error's name.
  std::string login(std::string address, std::string_view password) {
    const auto who = net::run(directory_->verify_password(std::move(address), crypto::Secret(password), soon()));
    return who ? std::to_string(who->value) : error(who);
  }
  // "account 1 folder", "alias a@x b@x", "remote", "unknown", or the error's name.
  std::string resolve(std::string address) {
    const auto answer = net::run(directory_->resolve_rcpt(std::move(address), soon()));
    if (!answer) return error(answer);
    std::string out;
    switch (answer->kind) {
      case RcptAnswer::Kind::account:
        out = "account " + std::to_string(answer->account.value);
        if (!answer->mailbox.empty()) out += " " + answer->mailbox;
        return out;
      case RcptAnswer::Kind::alias:
        out = "alias";
        for (const auto& target : answer->targets) out += " " + target;
        return out;
      case RcptAnswer::Kind::remote:
        return "remote";
      case RcptAnswer::Kind::mda:
        return "mda";
      case RcptAnswer::Kind::unknown:
        break;
    }
    return "unknown";
  }

  DirectoryOptions options_;
  store::MemoryDisk disk_;
  std::unique_ptr<store::Store> store_ = std::move(*store::open_memory(disk_));
  store::Commit commit_{*store_, {.mode = store::Commit::Mode::in_line}};
  CountingOffload offload_;
  ManualClock clock_;
  SeededRandom random_{7};
  std::unique_ptr<Directory> directory_;
};

}  // namespace chappe::post::testing
