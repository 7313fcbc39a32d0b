// `affsync init`: asks for what a first configuration needs, tries it, and writes it.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "base/utf8.hpp"
#include "config/load.hpp"
#include "config/text_file.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/init/new_files.hpp"
#include "daemon/cli/init/plan.hpp"
#include "daemon/cli/secret_files.hpp"

namespace affsync::cli {
namespace {

namespace fs = std::filesystem;

constexpr char service_name[] = "affsync";
constexpr char service_state_dir[] = "/var/lib/affsync";

fs::path absolute_path(std::string const& file) {
  std::error_code failed;
  auto path = fs::absolute(file, failed);
  if (failed) {
    throw Failure(ErrorCode::usage,
                  "the working directory cannot be used, it may be deleted: " + failed.message(),
                  "Change to another one, or give a whole path with --config FILE.");
  }
  // The configuration names files beside it, and has to be UTF-8 itself.
  if (auto const shown = printable_utf8(path.string()); shown != path.string()) {
    throw Failure(ErrorCode::usage, "the path " + shown + " is not UTF-8",
                  "Rename that directory or file, or name another place with --config FILE.");
  }
  return path;
}

fs::path file_to_write(std::string const& option) {
  if (!option.empty()) return absolute_path(option);
  auto const variable = config::process_environment()("AFFSYNC_CONFIG");
  if (variable && !variable->empty()) return absolute_path(*variable);
  bool const is_packaged = ::geteuid() == 0 && fs::is_directory("/etc/affsync");
  return is_packaged ? fs::path("/etc/affsync/affsync.yaml") : absolute_path("affsync.yaml");
}

std::optional<ExistingConfig> read_existing(fs::path const& file) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(file, ignored))) return std::nullopt;
  ExistingConfig existing;
  auto text = config::read_text_file(file.string());
  if (!text) {
    throw Failure(ErrorCode::config_invalid,
                  "cannot read " + file.string() + ": " + text.error().message,
                  "--config FILE names another place.");
  }
  existing.text = std::move(*text);
  // A service has secrets that this shell has not, such as credentials of systemd.
  auto env = config::process_environment();
  env.stands_in = true;
  auto parsed = config::parse_config(existing.text, file.string(), env);
  if (parsed) {
    existing.config = std::move(*parsed);
  } else {
    existing.error = parsed.error();
  }
  return existing;
}

// Decides what becomes of a configuration that is there. Returns false to leave it alone.
bool decide_about_existing(InitPlan& plan, InitOptions const& options, Questions const& questions) {
  if (!plan.existing) return true;
  plan.add = options.add;
  auto const& error = plan.existing->error;
  if (options.add && error) throw Failure(*error);
  if (options.add || options.force) return true;
  auto const& sources = plan.existing->config.sources;
  std::string names;
  for (auto const& source : sources) names += (names.empty() ? "" : ", ") + source.name;
  auto const has = error             ? "cannot be loaded"
                   : sources.empty() ? std::string("has no source yet")
                                     : "has the sources " + names;
  if (!questions.interactive()) {
    throw Failure(ErrorCode::usage, plan.file.string() + " exists and " + has,
                  "--add adds a source to it, --force replaces it, --config FILE writes another.");
  }
  questions.prompt().say(plan.file.string() + " exists and " + has + ".");
  if (error) questions.prompt().say(error->to_line());
  std::vector<std::string> choices{"leave it alone", "replace it; the old one is kept beside it"};
  if (!error) choices.insert(choices.begin(), "add a source to it");
  auto const& chosen = choices[questions.prompt().choose("What to do?", choices)];
  plan.add = chosen.starts_with("add");
  return !chosen.starts_with("leave");
}

std::string file_value(fs::path const& path) {
  return "{file: " + yaml_text(path.string()) + "}";
}

// Returns the paths of what was written, the configuration last.
std::vector<fs::path> write_plan(InitPlan const& plan) {
  std::vector<NewFile> files;
  WrittenSecrets secrets;
  auto const directory = plan.file.parent_path();
  auto const owner = plan.service ? std::optional(plan.service->ids) : std::nullopt;
  auto const add_secret = [&](std::string const& name, Secret const& text) {
    NewFile file;
    file.path = free_name(directory / (name + ".secret"));
    file.text = Secret(text.reveal() + "\n");
    file.owner = owner;
    files.push_back(file);
    return file_value(file.path);
  };
  for (auto const& credential : plan.source.credentials) {
    if (!credential.file.empty()) {
      secrets.credentials[credential.name] = file_value(credential.file);
    } else if (credential.secret) {
      secrets.credentials[credential.name] =
          add_secret(plan.source.name + "." + credential.name, credential.value);
    }
  }
  if (plan.database.given && has_password(plan.database.url.reveal())) {
    secrets.database_url = add_secret("database", plan.database.url);
  }

  NewFile main;
  main.path = plan.file;
  main.text = Secret(text_of_plan(plan, secrets));
  main.replace = plan.existing.has_value();
  if (plan.service) {
    main.mode = 0640;
    main.owner = FileOwner{0, plan.service->ids.group};
  }
  if (plan.existing) {
    struct stat before = {};
    if (::stat(plan.file.c_str(), &before) == 0 && plan.add) {
      main.mode = before.st_mode & 07777;
      if (::geteuid() == 0) main.owner = FileOwner{before.st_uid, before.st_gid};
    }
    NewFile kept;
    kept.path = free_name(fs::path(plan.file.string() + ".old"));
    kept.text = Secret(plan.existing->text);
    kept.mode = main.mode;
    kept.owner = main.owner;
    if (!plan.add) files.push_back(kept);
  }
  files.push_back(main);
  write_new_files(files);
  std::vector<fs::path> paths;
  for (auto const& file : files) paths.push_back(file.path);
  return paths;
}

// The value of such a file is written into one of the service, like a value that was typed.
void take_what_the_service_cannot_read(InitPlan& plan) {
  if (!plan.service) return;
  auto const& ids = plan.service->ids;
  for (auto& credential : plan.source.credentials) {
    if (credential.file.empty() || is_for_service(credential.file, ids.user, ids.group)) continue;
    std::cerr << "affsync: the service cannot read " << credential.file << ", as the user "
              << plan.service->name << "; it gets a copy\n";
    credential.file.clear();
    credential.secret = true;
  }
}

void make_inbox(InitPlan const& plan) {
  auto const& url = plan.source.base_url;
  if (!url.starts_with("file://")) return;
  fs::path const folder = url.substr(std::string("file://").size());
  std::error_code failed;
  auto made = folder;  // the first part of the path that is new
  while (made.has_relative_path() && !fs::exists(made.parent_path(), failed)) {
    made = made.parent_path();
  }
  bool const is_new = fs::create_directories(folder, failed);
  if (failed) {
    throw Failure(ErrorCode::output_failed,
                  "cannot make the folder " + folder.string() + ": " + failed.message(),
                  "Nothing was written.");
  }
  if (!is_new || !plan.service) return;
  for (auto part = folder;; part = part.parent_path()) {
    (void)::chown(part.c_str(), plan.service->ids.user, plan.service->ids.group);
    if (part == made) return;
  }
}

// Returns the chapter of the manual that tells the way to the service: where the documents were
// installed with this program, or else in the sources.
std::string chapter_on_service() {
  std::error_code failed;
  auto const program = fs::read_symlink("/proc/self/exe", failed);
  auto const installed = program.parent_path().parent_path() / "share/doc/affsync/docs/life.md";
  return "\"From a trial to the service\" in " +
         (fs::exists(installed, failed) ? installed.string() : "docs/life.md of the sources");
}

// Returns what to type next.
std::string next_steps(InitPlan const& plan) {
  // The package's own configuration has no source: nothing runs that could be reloaded.
  if (plan.service && plan.add && !plan.existing->config.sources.empty()) {
    return "Next:\n  systemctl reload affsync\n";
  }
  if (plan.service) {
    return "Next:\n"
           "  systemctl enable --now affsync                            # start the daemon\n"
           "  runuser -u affsync -- affsync status                      # what it has read\n"
           "  The page: http://127.0.0.1:9464\n";
  }
  auto const env = config::process_environment();
  auto const found = config::find_config_file("", env);
  std::error_code ignored;
  bool const is_default = found && fs::equivalent(*found, plan.file, ignored);
  auto const option = is_default ? std::string() : " --config " + shell_word(plan.file.string());
  return "Next:\n  affsync sync" + option +
         "     # reads everything once\n  affsync report earnings" + option + "\n  affsync run" +
         option +
         "      # keeps it up to date; the page is http://127.0.0.1:9464\n"
         "As a service of the machine: see " +
         chapter_on_service() + ".\n";
}

// Returns what was written; nullopt if nothing was.
std::optional<InitPlan> init_once(CommonOptions const& common, InitOptions const& options,
                                  Questions const& questions) {
  InitPlan plan;
  plan.file = file_to_write(common.config_file);
  if (!fs::is_directory(plan.file.parent_path())) {
    throw Failure(ErrorCode::usage, "there is no directory " + plan.file.parent_path().string(),
                  "Make it first, or name another place with --config FILE.");
  }
  plan.existing = read_existing(plan.file);
  if (plan.file.string().starts_with("/etc/")) plan.service = service_user(service_name);
  if (!decide_about_existing(plan, options, questions)) return std::nullopt;

  if (questions.interactive()) {
    questions.prompt().say((plan.existing ? "This changes " : "This writes ") + plan.file.string() +
                           ", at the end. Ctrl-C stops without a trace.\n");
  }
  auto manifests =
      load_manifests(plan.existing ? plan.existing->config.connectors_dir : std::string());
  for (auto const& flaw : take_flawed(manifests)) {
    std::cerr << "affsync: this connector file is invalid, and cannot be chosen: " << flaw.to_line()
              << "\n";
  }
  plan.source = questions.source(manifests, source_names(plan), plan.service.has_value());
  take_what_the_service_cannot_read(plan);
  plan.state_dir = plan.service ? std::string(service_state_dir)
                                : (plan.file.parent_path() / "affsync-data").string();
  plan.database.given =
      !plan.add || (plan.existing->config.sources.empty() &&
                    plan.existing->text.find("\ndatabase:") == std::string::npos &&
                    !plan.existing->text.starts_with("database:"));
  if (plan.database.given) plan.database = questions.database(plan.service, plan.state_dir);
  if (options.check) {
    if (!try_database(plan, questions)) return std::nullopt;
    if (!try_source(plan, manifests, questions)) return std::nullopt;
  }
  auto const note = note_on_account(tried_config(plan, manifests), plan.source.name, manifests);
  if (!note.empty()) std::cerr << "affsync: " << note << "\n";

  make_inbox(plan);
  if (plan.database.create) {
    auto const created = create_local_database(plan.service);
    if (!created) throw Failure(created.error());
    questions.prompt().say("The database affsync was created.");
  }
  auto const written = write_plan(plan);
  std::cout << "\nWritten:\n";
  for (auto const& path : written) std::cout << "  " << path.string() << "\n";
  std::cout << "\n" << std::flush;
  return plan;
}

// Whoever gives parts of a source by options wants this one.
bool names_a_source(InitOptions const& options) {
  return !options.connector.empty() || !options.name.empty() || !options.base_url.empty() ||
         !options.settings.empty() || !options.credentials.empty();
}

}  // namespace

int run_init(CommonOptions const& common, InitOptions const& options) {
  if (options.add && options.force) {
    throw Failure(ErrorCode::usage, "--add and --force exclude each other");
  }
  Questions const questions(options, !options.yes && can_ask());
  auto const first = init_once(common, options, questions);
  if (!first) {
    std::cerr << "affsync: nothing was written\n";
    return 1;
  }
  // Each further one is added to what is written already, so that an interruption costs only it.
  auto more = options;
  more.add = true;
  more.force = false;
  while (questions.interactive() && !names_a_source(options) &&
         questions.prompt().confirm("Another broker?", false)) {
    if (!init_once(common, more, questions)) questions.prompt().say("This one was not added.\n");
  }
  std::cout << next_steps(*first) << std::flush;
  return 0;
}

}  // namespace affsync::cli
