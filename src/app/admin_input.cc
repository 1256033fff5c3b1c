#include "app/admin_input.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "crypto/password.h"

namespace chappe::app {
namespace {

// A terminal that shows nothing of what is typed, and hands every key over, Ctrl-C too: so nothing can end the process
// before it is as it was.
class QuietTerminal {
 public:
  explicit QuietTerminal(int fd) : fd_(fd) {
    if (tcgetattr(fd, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= static_cast<tcflag_t>(~(ECHO | ICANON | ISIG));
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    changed_ = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (changed_) (void)tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  bool good() const { return changed_; }

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

void say(int terminal, std::string_view text) { (void)!::write(terminal, text.data(), text.size()); }

void erase_last(std::string& typed) {
  while (!typed.empty() && (static_cast<unsigned char>(typed.back()) & 0xC0) == 0x80) typed.pop_back();
  if (!typed.empty()) typed.pop_back();
}

Result<crypto::Secret> ask(int terminal, std::string_view prompt, const Invocation& invocation) {
  const QuietTerminal quiet(terminal);
  if (!quiet.good()) return fail(Errc::usage, "the terminal cannot be kept from showing the password");
  say(terminal, prompt);
  std::string typed;
  typed.reserve(crypto::kMaxPassword + 1);
  for (char c = 0; typed.size() <= crypto::kMaxPassword;) {
    const ssize_t n = ::read(terminal, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || c == '\n' || c == '\r' || c == 4) break;  // Ctrl-D
    if (c == 3) {                                           // Ctrl-C
      say(terminal, "\n");
      crypto::wipe(typed.data(), typed.size());
      return fail(Errc::usage, "{}", invocation.say({"no password was given", "aucun mot de passe n'a été donné"}));
    }
    if (c == 0x7F || c == '\b') {
      erase_last(typed);
    } else if (c == 0x15) {  // Ctrl-U
      typed.clear();
    } else {
      typed.push_back(c);
    }
  }
  say(terminal, "\n");
  return crypto::Secret::take(std::move(typed));
}

Result<crypto::Secret> ask_twice(const Invocation& invocation) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0)
    return fail(Errc::usage, "{}",
                invocation.say({"there is no terminal to ask for the password: use --password-file",
                                "il n'y a pas de terminal où demander le mot de passe : utilisez --password-file"}));
  auto first = ask(terminal, invocation.say({"Password: ", "Mot de passe : "}), invocation);
  auto second = first ? ask(terminal, invocation.say({"Again: ", "Encore : "}), invocation)
                      : Result<crypto::Secret>(crypto::Secret());
  ::close(terminal);
  if (!first) return first;
  if (!second) return second;
  if (!first->equals(second->reveal()))
    return fail(Errc::usage, "{}", invocation.say({"the two passwords differ", "les deux mots de passe diffèrent"}));
  return first;
}

}  // namespace

Result<Bytes> read_input(const std::string& path, std::size_t limit) {
  const bool standard = path == "-";
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::usage, "cannot read {}: {}", printable(path), std::strerror(errno));
  Bytes out;
  char piece[64 * 1024];
  ssize_t n = 0;
  int error = 0;
  while (out.size() <= limit) {
    n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    error = n < 0 ? errno : 0;
    if (n <= 0) break;
    out.append(piece, static_cast<std::size_t>(n));
  }
  crypto::wipe(piece, sizeof piece);
  if (!standard) ::close(fd);
  if (error) return fail(Errc::usage, "cannot read {}: {}", printable(path), std::strerror(error));
  if (out.size() > limit) return fail(Errc::too_large, "{} has more than {} octets", printable(path), limit);
  return out;
}

Result<crypto::Secret> read_password(const Invocation& invocation) {
  crypto::Secret password;
  if (const auto file = invocation.value("password-file")) {
    constexpr std::size_t kMostFile = 64 * 1024;
    Bytes text = TRY(read_input(*file, kMostFile));
    const ByteView line = ByteView(text).substr(0, text.find('\n'));
    password = crypto::Secret(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    crypto::wipe(text.data(), text.size());
  } else {
    password = TRY(ask_twice(invocation));
  }
  if (password.empty())
    return fail(Errc::usage, "{}", invocation.say({"the password is empty", "le mot de passe est vide"}));
  if (password.size() > crypto::kMaxPassword)
    return fail(Errc::usage, "{} {}",
                invocation.say({"octets a password may have at most:", "octets au plus dans un mot de passe :"}),
                crypto::kMaxPassword);
  return password;
}

int print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? 0 : error_row(Errc::io).exit;
}

}  // namespace chappe::app
