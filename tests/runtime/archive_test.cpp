// What archives are refused for. They are made by Python's own modules, which let one write what
// no honest program would.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/sha256.h"
#include "runtime/archive.h"
#include "support/golden.h"
#include "support/sshd.h"

using namespace sluice;

namespace {

// `t` adds to an archive: t.add(NAME, …) with what a member of tarfile has.
const char* const tar_maker = R"py(
import io, sys, tarfile
archive = tarfile.open(sys.argv[1], "w:gz", format=tarfile.PAX_FORMAT)
def add(name, data=b"text\n", **more):
    member = tarfile.TarInfo(name)
    member.size = len(data) if more.get("type", tarfile.REGTYPE) == tarfile.REGTYPE else 0
    for key, value in more.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(data) if member.size else None)
SYM, LNK, DIR = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
exec(sys.argv[2])
archive.close()
)py";

const char* const zip_maker = R"py(
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
def add(name, data="text\n", attributes=0o100644, system=3):
    entry = zipfile.ZipInfo(name)
    entry.create_system = system
    entry.external_attr = attributes << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)
exec(sys.argv[2])
archive.close()
)py";

struct Folder {
  std::string make(const std::string& name, const std::string& contents) const {
    std::string path = place.path() + "/" + name;
    const bool zip = name.ends_with(".zip") || name.ends_with(".nupkg");
    INFO(contents);
    REQUIRE(test::run_quietly({"/usr/bin/python3", "-W", "ignore", "-c",
                               zip ? zip_maker : tar_maker, path, contents}) == 0);
    return path;
  }
  std::string problem(const std::string& name, const std::string& contents,
                      const runtime::ArchiveLimits& limits = {}) const {
    const auto checked = runtime::check_archive(make(name, contents), limits);
    return checked ? "" : checked.error().message;
  }

  test::TemporaryDirectory place;
};

}  // namespace

TEST_CASE("an archive is known by how its name ends") {
  CHECK(runtime::archive_format("dist/acme-1.0.TAR.GZ") == runtime::ArchiveFormat::TarGz);
  CHECK(runtime::archive_format("acme.nupkg") == runtime::ArchiveFormat::Zip);
  CHECK(runtime::archive_format("acme.tar.zst") == runtime::ArchiveFormat::TarZst);
  CHECK(!runtime::archive_format("acme.rar"));
  CHECK(!runtime::archive_format(".zip"));
  CHECK(runtime::archive_stem("dist/acme-1.4.2.tar.gz") == "acme-1.4.2");
}

TEST_CASE("what is in an honest archive is listed as sha256sum and readlink would") {
  const Folder folder;
  const std::string path = folder.make("a.tar.gz", R"py(
add("./bin/", type=DIR)
add("./bin/run", b"#!/bin/sh\n", mode=0o755)
add("bin/b", b"two")
add("lib", type=SYM, linkname="bin")
add("bin/up", type=SYM, linkname="../bin/run")
add("same", type=LNK, linkname="./bin/b")
add("empty", b"")
)py");
  const auto content = runtime::check_archive(path);
  INFO((content ? "" : content.error().message));
  REQUIRE(content);
  CHECK(content.value().files == 4);
  CHECK(content.value().links == 2);
  CHECK(content.value().bytes == 13);
  std::vector<std::string> files{
      base::sha256_hex("#!/bin/sh\n") + "  ./bin/run\n", base::sha256_hex("two") + "  ./bin/b\n",
      base::sha256_hex("two") + "  ./same\n", base::sha256_hex("") + "  ./empty\n"};
  std::sort(files.begin(), files.end());
  std::string listing;
  for (const std::string& line : files) listing += line;
  listing += "./bin/up -> ../bin/run\n./lib -> bin\n";
  CHECK(content.value().listing == base::sha256_hex(listing));
}

TEST_CASE("a hostile archive is refused, and the entry is named") {
  const Folder folder;
  const auto tar = [&](const std::string& contents) {
    return folder.problem("a.tar.gz", "add('good')\n" + contents);
  };
  CHECK(tar("add('../evil')") == "`../evil`: its path leads out of the archive");
  CHECK(tar("add('a/../../evil')") == "`a/../../evil`: its path leads out of the archive");
  CHECK(tar("add('a/..')") == "`a/..`: its path leads out of the archive");
  CHECK(tar("add('/etc/evil')") == "`/etc/evil`: its path is absolute");
  CHECK(tar("add('x' * 256)") ==
        fmt::format("`{}`: its name is too long for a file", std::string(256, 'x')));
  CHECK(tar("add('a\\nb')") == "`a\\nb`: its name holds a control character or a backslash");
  CHECK(tar("add('a\\\\b')") == "`a\\b`: its name holds a control character or a backslash");
  CHECK(tar("add('twice'); add('./twice')") == "`./twice`: there are two of its name");
  CHECK(tar("add('x', type=SYM, linkname='/etc')") ==
        "`x`: it is a link that leads out of the archive");
  CHECK(tar("add('x', type=SYM, linkname='..')") ==
        "`x`: it is a link that leads out of the archive");
  CHECK(tar("add('a/x', type=SYM, linkname='../../y')") ==
        "`a/x`: it is a link that leads out of the archive");
  // Two hops: each stays inside by its letters, and both together lead out.
  CHECK(tar("add('a/b/up', type=SYM, linkname='../..'); "
            "add('a/b/out', type=SYM, linkname='up/../etc')") ==
        "`a/b/out`: it is a link that leads out of the archive");
  CHECK(tar("add('x', type=SYM, linkname='a'); add('x/evil')") ==
        "`x/evil`: its path goes through a link");
  CHECK(tar("add('x/inside'); add('x', type=SYM, linkname='a')") ==
        "`x`: there are two of its name");
  CHECK(tar("add('good/evil')") == "`good/evil`: its path goes through a file");
  CHECK(tar("add('.', type=SYM, linkname='a')") ==
        "`.`: it would take the place of the whole folder");
  CHECK(tar("add('x', type=LNK, linkname='/etc/passwd')") ==
        "`x`: it is a link to what is no file before it");
  CHECK(tar("add('x', type=LNK, linkname='later'); add('later')") ==
        "`x`: it is a link to what is no file before it");
  CHECK(tar("add('x', type=tarfile.FIFOTYPE)") ==
        "`x`: it is neither a file nor a folder nor a link");
  CHECK(tar("add('x', type=tarfile.CHRTYPE, devmajor=1, devminor=3)") ==
        "`x`: it is neither a file nor a folder nor a link");
  CHECK(tar("add('x', mode=0o4755)") == "`x`: it would run as another user (set-user-id)");

  const auto zip = [&](const std::string& contents) {
    return folder.problem("a.zip", "add('good')\n" + contents);
  };
  CHECK(zip("add('../evil')") == "`../evil`: its path leads out of the archive");
  CHECK(zip("add('/evil')") == "`/evil`: its path is absolute");
  CHECK(zip("add('x', '/etc/passwd', 0o120777)") ==
        "`x`: it is a link that leads out of the archive");
  CHECK(zip("add('good')") == "`good`: there are two of its name");
  CHECK(zip("add('x', '', 0o020666)") == "`x`: it is neither a file nor a folder nor a link");
}

TEST_CASE("what would fill a disk is refused before it is unpacked to its end") {
  const Folder folder;
  const std::string zeros = "add('zeros', b'\\0' * (80 << 20))";
  CHECK(folder.problem("a.tar.gz", zeros) ==
        "`zeros`: more than 200 times as much would come out as went in");
  CHECK(folder.problem("a.zip", "add('zeros', '\\0' * (80 << 20))") ==
        "`zeros`: more than 200 times as much would come out as went in");
  CHECK(folder.problem("small.tar.gz", "add('zeros', b'\\0' * (8 << 20))").empty());
  runtime::ArchiveLimits limits;
  limits.bytes = 10;
  CHECK(folder.problem("a.tar.gz", "add('a', b'123456'); add('b', b'12345')", limits) ==
        "`b`: more than 10 bytes would come out of it");
  limits = {};
  limits.entries = 2;
  CHECK(folder.problem("a.tar.gz", "add('a'); add('b'); add('c')", limits) ==
        "`c`: the archive has more than 2 entries");
}

TEST_CASE("what is no such archive, or is cut short, is refused") {
  const Folder folder;
  const std::string good = folder.make("a.tar.gz", "add('a', bytes(range(256)) * 400)");
  std::string bytes = test::read_text(good);
  test::write_text(good, bytes.substr(0, bytes.size() / 2));
  CHECK(!runtime::check_archive(good));
  const std::string zipped = folder.make("b.zip", "add('a')");
  std::filesystem::copy_file(zipped, folder.place.path() + "/b.tar.gz");
  CHECK(!runtime::check_archive(folder.place.path() + "/b.tar.gz"));
  const std::string plain = folder.make("c.tar.gz", "add('a')");
  REQUIRE(test::run_quietly({"/bin/sh", "-c", "gzip -dc \"$0\" > \"$1\"", plain,
                             folder.place.path() + "/d.tar.gz"}) == 0);
  CHECK(runtime::check_archive(folder.place.path() + "/d.tar.gz").error().message ==
        "it is not compressed as its name says");
  REQUIRE(test::run_quietly({"/bin/sh", "-c", "gzip -c \"$0\" > \"$1\"", plain,
                             folder.place.path() + "/twice.tar.gz"}) == 0);
  CHECK(runtime::check_archive(folder.place.path() + "/twice.tar.gz").error().message ==
        "it is not compressed as its name says");
  CHECK(folder.problem("e.tar.gz", "add('only', type=DIR)") == "there is no file in it");
  test::write_text(folder.place.path() + "/f.zip", "no archive at all");
  CHECK(!runtime::check_archive(folder.place.path() + "/f.zip"));
}

TEST_CASE("what no longer fits the checksum that gzip wrote behind it is refused") {
  const Folder folder;
  const std::string path = folder.make("a.tar.gz",
                                       "import random\n"
                                       "add('a', random.Random(1).randbytes(100000))");
  const std::string whole = test::read_text(path);
  REQUIRE(runtime::check_archive(path));
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 1;  // in a block that is stored as it is: all of it can be read
  test::write_text(path, damaged);
  const std::string problem = "it is damaged: what comes out of it does not fit its checksum";
  CHECK(runtime::check_archive(path).error().message == problem);
  damaged = whole;
  damaged[whole.size() - 8] ^= 1;
  test::write_text(path, damaged);
  CHECK(runtime::check_archive(path).error().message == problem);
  // What gzip itself takes: two streams behind each other, and a tar with more behind its end.
  REQUIRE(test::run_quietly(
              {"/bin/sh", "-c",
               "cd \"$0\" && printf text > f && tar -cf t f && head -c 300000 /dev/zero >> t && "
               "gzip -c t > more.tar.gz && head -c 700 t | gzip > two.tar.gz && "
               "tail -c +701 t | gzip >> two.tar.gz",
               folder.place.path()}) == 0);
  CHECK(runtime::check_archive(folder.place.path() + "/more.tar.gz"));
  CHECK(runtime::check_archive(folder.place.path() + "/two.tar.gz"));
}
