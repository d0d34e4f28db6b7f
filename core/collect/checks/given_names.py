"""Common given names of several languages, by which a column of persons' names is recognised."""

NAMES = """
aaron abdul abigail adam adrian ahmed aisha alan albert alex alexander alexandra ali alice alicia amanda amelia amir
amy ana anders andrea andreas andrew angela anita ann anna anne anthony antonio arthur barbara benjamin bernard bernd
beth brandon brian bruno carl carla carlos carol caroline catherine cecilia charles charlotte chloe chris christian
christina christine christopher claire clara claudia claus craig cynthia daniel daniela david deborah dennis diana
diego dieter dmitri donald donna dorothy edith edward eleanor elena elias elisabeth elizabeth ella ellen emily emma
eric erik ernst eugene eva evelyn fatima felix fernando florence frances francesca francesco francis francisco frank
franz fred frederick fritz gabriel gary george gerald giovanni giulia giuseppe gordon grace greg gregory guillermo
gustav hannah hans harold harry heather heinrich helen helena helga henry herbert hiroshi howard hugo ibrahim ida igor
ines ingrid irene irina isabel isabella ivan jack jacob james jan jane janet jason javier jean jeff jeffrey jennifer
jens jeremy jessica joan joanna johan johann johanna john jonas jonathan jorge jose josef joseph joshua juan judith
julia julian julie juliette jürgen karen karin karl katarzyna kate katherine kathleen katja keith kelly kenneth kevin
kim klaus konrad krzysztof kumar kurt kyle lars laura lauren lena leo leon leonard linda lisa louis louise luca lucas
lucia lucy luigi luis luke magdalena manuel marc marco marcus margaret maria marie marina mario marion mark markus
marta martha martin martina mary matteo matthew matthias maurice max maximilian mehmet melissa mia michael michel
michelle miguel mikhail mohamed mohammed monica monika muhammad nadia nancy natalia natalie nathan nicholas nicolas
nicole nikolai nina noah nora norbert oleg olga oliver olivia omar oscar otto pablo pamela patricia patrick paul paula
pedro peter petra philip philipp pierre piotr priya rachel rafael rahul ralph raymond rebecca renate ricardo richard
rita robert roberto roger roland ronald rosa rosemary roy ruth ryan sabine sally samuel sandra sara sarah scott
sebastian sergei sergio sharon simon sofia sonja sophia sophie stefan stephanie stephen steve steven stuart susan
susanne sven sylvia tanja tatiana teresa theodore theresa thomas timothy tobias tom tomas tyler ulrich ursula
valentina vera veronica victor victoria viktor vincent virginia vladimir walter wei werner wilhelm william wolfgang
xavier yasmin yolanda yuki yusuf zachary zoe
"""
GIVEN_NAMES = frozenset(NAMES.split())
