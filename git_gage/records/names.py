"""The two-word name of a run.

Source: docs/format.md, "Run ids". The lists never change: names are made from ids, not stored.
"""

from __future__ import annotations

from git_gage.records.ids import ALPHABET, TIME_CHARS

_ADJECTIVES = """\
able agile alert alive amber ample aqua arctic ardent autumn avid aware azure balmy blithe blue
bold bonny brave breezy bright brisk broad bronze brown bubbly bumpy calm candid canny caring
cheery chilly chosen civic civil clean clear clever cloudy coastal comfy cool copper coral
cosmic cosy crisp curious curly cute cyan dainty dapper daring dashing deep deft dewy direct
dotted double downy dreamy dry dusky eager early earnest earthy easy elegant epic equal even
fair famous fancy fast fervent festive fine firm first fit fleet floral fluffy flying fond
fossil frank free fresh frosty full fuzzy gallant gentle gifted glad glossy golden good grand
grassy great green groovy handy happy hardy hasty hazel hazy hearty heroic hidden high hilly
honest icy ideal indigo inland ivory jade jaunty jazzy jolly jovial joyful just keen khaki kind
kindly large late leafy learned level light likely lilac linen little lively local lofty long
loyal lucid lucky lunar lush magic major maple marine mature mellow merry mighty mild mindful
mint misty modest mossy natural neat new nimble noble noted novel oaken oceanic odd olive opal
open orange oval patient peachy pearly perky pine planar plucky plum poetic poised polar polite
prime proper proud pure purple quaint quick quiet rapid rare ready regal rich rising robust rosy
round royal ruby rural russet rustic sage scenic serene silent silver sleek smooth snowy sober
soft solid spotted spry steady sturdy sunny sweet swift tall tender thrifty tidy tiny tranquil
trusty upbeat velvet violet vivid warm wavy wild wise witty woolly young zesty
"""
_NOUNS = """\
alpaca antelope avocet axolotl badger bat beagle bear bee beetle bison bittern boar bobcat
bonito buffalo bunny bunting bustard camel caracal carp cat catbird cheetah cicada civet clam
collie colt condor coot coral corgi cougar coyote crab crake crane cricket crow cuckoo curlew
daisy deer dingo dipper dolphin dormouse dove dragon drake duck dugong dunlin dunnock eagle eel
egret eider eland elk emu ermine falcon fawn ferret finch firefly foal fossa fox frog gannet
gazelle gecko genet gerbil gibbon giraffe gnat gnu goat goose gopher goshawk grebe grouper
grouse gull guppy haddock hake halibut hamster hare harrier hawk hedgehog heron herring hobby
hoopoe horse hound husky hyrax ibex ibis iguana impala insect jackal jackdaw jaguar jerboa
kestrel kinglet kite kiwi koala koi kudu lamb lamprey lapwing lark lemming lemur leopard linnet
lion lizard llama lobster loris lory lynx macaw magpie mallard manatee mantis mare margay marlin
marmot marten martin merlin mink minnow mole moose moth mouse mullet mussel mynah newt numbat
ocelot octopus okapi opossum orca oriole oryx osprey ostrich otter owl oyster panda panther
parrot peacock pelican penguin perch petrel pheasant pigeon pika pike pipit platypus plover pony
porpoise puffin puma quail quetzal quokka rabbit raccoon ram raven ray reindeer robin roller
rook sable sailfish salmon seal serval shark sheep shrew shrike siskin skate skylark snail
spaniel sparrow sponge squid stag starling stilt stoat stork swan tanager tapir tarpon teal tern
terrapin terrier thrush tiger toad tortoise toucan trout turtle urchin vole wallaby walrus
warbler weasel whale whippet wigeon wolf wombat woodcock wren yak zebra
"""
_FIRST = _ADJECTIVES.split()
_SECOND = _NOUNS.split()


def run_name(run: str) -> str:
    """Two words for a run id, made from the first two bytes of its record id."""
    number = 0
    for char in run[TIME_CHARS : TIME_CHARS + 4]:  # 20 bits, 5 a character
        number = number << 5 | ALPHABET.index(char)
    return f"{_FIRST[number >> 12]}-{_SECOND[number >> 4 & 255]}"
