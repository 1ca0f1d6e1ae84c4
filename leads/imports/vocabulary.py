"""The words of column headers and of values, each with what it says of a column.

A header is read word by word: nouns name what the column holds ("phone", "zip"), parties whose it is ("owner",
"attorney"), places which address ("mail", "situs"), and the other known words that it is nothing a lead needs
("price", "type"). A few words mean different things in different company; `columns.headers` settles those.
"""

from collections.abc import Iterator

# What the column holds.
NOUNS = {
    "address": "address addr addrs add adrs adr addres adress adres adresse direccion domicilio",
    "street": "street str strt calle road strasse rue",
    "location": "location loc",
    "house": "house hse hsnum hsnumb housenum stnum stno saddno maddno streetno streetnum civic anumber addnum adrno",
    "unit": "unit apt apartment suite ste condo unitnum unitno aptno",
    "city": "city cty town twn ciudad cities posttown ort stadt ville",
    "locality": "municipality municipio township borough locality village hamlet suburb muni munic ctu",
    "state": "state st province prov estado statecd stateprovince",
    "region": "region",
    "zip": "zip zipcode zips zp zc zipcd postcode zcode zipp postalcode plz",
    "postal": "postal post",
    "county": "county cnty parish condado countyname",
    "country": "country pais nation",
    "name": "name names nm nam nme nombrecompleto fullname",
    "full": "full entire completo completa formatted combined whole",
    "first": "first fname firstname given givenname forename fn nombre frst frist firstnm nombres vorname prenom",
    "last": "last lst lname lastname surname family familyname ln apellido apellidos lastnm nachname nom",
    "middle": "middle mname middlename mi initial initials",
    "title": "suffix prefix salutation title nickname honorific maiden alias phonetic generation prefx sfx pfx",
    "phone": "phone phones ph telephone tel cell cellphone mobile mobiles wireless landline landlines celular telefono "
    "movil fone phon cel mobil telf tlf phonenumber telephones homephone workphone cellular cells telefon handy",
    "email": "email emails correo courriel electronico eaddress",
    "linkedin": "linkedin",
    "company": "company firma business organization organisation org entity corporation corp firm employer empresa llc "
    "compania organizacion companyname biz dba",
    "apn": "apn parcel pin folio strap bbl sbl opa pid pidn parcelid parcelno parcelnumb parcelpin parcelnumber apns "
    "parid ain keypin assessor ppin mblu taxid prcl parno gpin parcl pinn tms schedule sched schednum "
    "taxlot taxkey maptaxlot stanpar ssl span parcelkey pcl prcel parc catastro catastral",
}

# Whose the column is, when it is a person's name, phone or address.
PARTIES = {
    "owner": "owner owners own ownr homeowner homeowners propietario dueno dueño husband deeded ownername owns "
    "deedholder titleholder vestee proprietor",
    "seller": "seller vendor sellers vendedor",
    "lead": "lead leads prospect prospects client customer cust recipient person people homebuyer addressee cliente "
    "individual party insured subscriber donor voter registrant licensee permittee attendee invitee guest",
    "caller": "caller",
    "contact": "contact contacts contacto",
    "taxpayer": "taxpayer payer payor assessee taxpayers",
    "landlord": "landlord lessor",
    "responsible": "responsible",
    "plaintiff": "plaintiff plaintiffs claimant creditor pltf plf plntf",
    "respondent": "respondent",
    "defendant": "defendant defendants dfd deft violator dft def defs respondant",
    "tenant": "tenant tenants occupant resident lessee renter",
    "executor": "executor executrix administrator administratrix fiduciary heir heirs petitioner applicant survivor "
    "pr guardian beneficiaryheir nok conservator admin adm admr admx exec execx extr successor personalrep",
    "decedent": "decedent deceased ward decedents descendent descendant decendent testator dcsd",
    "borrower": "borrower mortgagor trustor debtor obligor borrowers",
    "grantee": "grantee buyer buyers purchaser grantees",
    "grantor": "grantor grantors",
    "former": "former previous prior",
    # From here on never the lead.
    "agent": "agent agents agency agencies broker brokerage realtor realty listing office leasing lister",
    "attorney": "attorney attorneys atty lawyer counsel esq esquire solicitor",
    "lender": "lender lenders mortgagee servicer beneficiary bank lienholder mortgage loan holder lien mtg loans "
    "creditors mtge",
    "trustee": "trustee trustees auctioneer",
    "staff": "assigned assignee user manager mgr va creator inspector officer judge clerk notary rep "
    "representative referred referral referrer closer setter dispatcher investigator staff salesperson coordinator "
    "adjuster appraiser employee sender return operator supervisor specialist acquisition acquisitions dispo dispos "
    "worker caseworker complainant bdr sdr csr councilmember",
    "relative": "relative relatives rel associate associates neighbor neighbors spouse assistant assistants child "
    "partner emergency kin mother father sibling relationship son daughter",
    "coowner": "coowner wife joint secondowner coborrower coapplicant spouseowner",
    "insurer": "insurance insurer escrow hoa association management builder contractor developer",
}

# Which address the column is a part of.
PLACES = {
    "situs": "situs site property prop physical phy phys premises premise prem prems incident subject violation "
    "ship shipping service rental propiedad realestate propaddr sitsus collateral asset facility jobsite dwelling",
    "mail": "mail mailing mailings mailto ml mlg correspondence billing bill notice pstl lives resides residing "
    "absentee remit remittance forwarding",
    "home": "home residence residential personal res resid",
    "work": "work",
    "other": "other",
}

# Words beside which the others keep their meaning.
NEUTRAL = (
    "number num numb no nbr nr numero n # line the of and or de la del el los las a your my input primary main best "
    "current complete details information info data all s to preferred real raw clean cleaned "
    "standardized standard normalized us usa u registered txt field column value "
    "values print official confirmed matched what whats new skip traced skiptrace skiptraced trace result "
    "results found append appended optional required unformatted fmt identifier cd code codes "
    "for id ids key original orig please enter our possible likely potential beta unique valid good "
    "day daytime evening night contactable additional alternate alternative alt secondary second 2nd third 3rd "
    "fourth 4th fifth 5th 1st backup ext tax asmt record on acct account acctno true change at"
)

# Words of columns that a lead does not need, whoever's they are.
OTHERS = (
    "type typ types status statuses date dates dt month year years yr yrs time timestamp zone timezone dnc litigator "
    "scrub score scores scoring rank rating count counts total totals price prices amount amounts amt amnt val "
    "valuation equity percent pct ratio ltv balance balances bal due owed paid payment payments fee fees penalty "
    "interest principal sale sales sold purchase purchased acquired market assessed assessment taxes "
    "taxable taxed exempt exemption exemptions homestead bedroom bedrooms beds bed bd bdrm bathroom bathrooms baths "
    "bath ba stories storeys story floors floor garage pool fireplace heating cooling air roof condition construction "
    "style quality sqft sq ft feet footage square living area acre acres acreage lot lots land use uses usage zoning "
    "subdivision neighborhood district precinct council legal description desc descr descriptions block "
    "blk section twp range plat book page document doc docs instrument recorded recording deed vacant "
    "vacancy occupied occ occupancy flag flags is has not do dnd opt optin optout carrier route list lists "
    "listed tag tags label labels group groups campaign campaigns source sources medium channel ad ads adset form "
    "platform utm note notes comment comments remark remarks message messages memo notas comentarios observaciones "
    "stage pipeline deal deals opportunity activity activities modified updated created create added changed visit "
    "visited birthday birth dob age ssn sex gender marital race religion language education occupation job position "
    "department departments seniority industry revenue employees website web url link href image photo photos picture "
    "file files folder lat latitude lng lon long longitude coordinates fips census tract latlong "
    "foreclosure preforeclosure auction bid bidder judgment judgement default delinquent delinquency bankruptcy "
    "divorce case docket cause court filed filing hearing disposition verdict claim suit "
    "charge charges fine fines violationtype permit permits license inspection class classification "
    "category subtype grade level factor index units rooms room buildings building bldg structure improvement "
    "improvements improved imp impr mls dom days daysonmarket months ownership hold length rent rents "
    "income offer offers arv repair repairs rehab profit roi cap motivation motivated reason timeframe timeline "
    "asking call calls called calling attempts attempt dial dialed dialer outcome contacted spoke voice "
    "voicemail text texts sms rvm drop drops sent delivered opened clicked bounced unsubscribed verified verification "
    "deliverable confidence match matches reachable tested connected active actionable inactive "
    "temperature drip sequence workflow automation fax extension faxes version batch order rowid guid "
    "uuid zpid hash checksum term rate school schools dist frontage depth view "
    "flood waterfront sewer water utilities power gas hvac basement attic porch deck fence frame foundation exterior "
    "interior kitchen volume mapcode corner currency followup follow next reminder task tasks event events "
    "attachments attachment display history summary reply replies reported occupants carrierroute usecode "
    "po box pobox luc dor jv sev just "
    "direction directions pre predir postdir dir quadrant csv import imported export exported pull pulled "
    "undeliverable bankrupt registration expiration expires expired issued closing closed open won lost qual qualified "
    "msl mode method how why when where which estimated est estimate avg average median min max minimum "
    "maximum nsf oz usable gross net base heated adjusted depreciation accuracy rwacct rwd exists "
    "exempted mod mods vesting vest estate tenure possession leasehold landuse yearbuilt sqfeet "
    "taxyear apprtot ip tracking destination seen duration elapsed"
)

# Words of assessors' rolls: beside them an account number is a parcel's.
ROLL_WORDS = frozenset(
    "assessed legal acre acres acreage land bldg building exempt exemption zoning lgl taxable improvement market lot "
    "deed homestead val appraised situs tax delinquent certificate cert adjudged roll".split()
)

# Customer programs call the user's own staff "owner" of a record.
RECORDS_OF_PROGRAMS = frozenset(
    "contact lead leads account deal record opportunity person company prospect ticket task list hubspot salesforce "
    "pipeline campaign file client organization".split()
)

# Words of lists of sales that were recorded: who bought is the owner by now.
DEED_WORDS = frozenset("recording recorded deed document excise".split())

# Words of lists of money that is left of forced sales: the former owner is the one to call.
SURPLUS_WORDS = frozenset("surplus overage overages overbid excess unclaimed".split())

# Things that have a name and are no person or company to call.
NAMED_THINGS = frozenset(
    "list group campaign ad adset form file tag project subdivision school district neighborhood park building plat "
    "display user user_name folder stage pipeline deal field platform community complex development team "
    "street lender condo section court profession program judge market product template event segment "
    "audience domain".split()
)

# Two and three words that are one party.
PARTY_PHRASES: dict[tuple[str, ...], str] = {
    ("personal", "representative"): "executor",
    ("personal", "rep"): "executor",
    ("legal", "representative"): "executor",
    ("pers", "rep"): "executor",
    ("pers", "representative"): "executor",
    ("next", "of", "kin"): "executor",
    ("registered", "agent"): "agent",
    ("propietario", "del", "contacto"): "staff",
    ("propietario", "del", "lead"): "staff",
    ("direct", "name"): "grantor",
    ("indirect", "name"): "grantee",
    ("owner", "of", "contact"): "staff",
    ("owner", "of", "lead"): "staff",
    ("created", "by"): "staff",
    ("modified", "by"): "staff",
    ("updated", "by"): "staff",
    ("added", "by"): "staff",
    ("entered", "by"): "staff",
    ("referred", "by"): "staff",
    ("assigned", "to"): "staff",
    ("title", "company"): "insurer",
    ("property", "manager"): "insurer",
    ("property", "management"): "insurer",
    ("law", "firm"): "attorney",
    ("power", "of", "attorney"): "attorney",
    ("previous", "owner"): "former",
    ("prior", "owner"): "former",
    ("former", "owner"): "former",
    ("second", "owner"): "coowner",
    ("secondary", "owner"): "coowner",
    ("additional", "owner"): "coowner",
    ("other", "owner"): "coowner",
    ("2nd", "owner"): "coowner",
    ("co", "owner"): "coowner",
    ("co", "applicant"): "coowner",
    ("co", "borrower"): "coowner",
    ("co", "buyer"): "coowner",
    ("co", "seller"): "coowner",
    ("account", "holder"): "owner",
    ("policy", "holder"): "owner",
    ("title", "holder"): "owner",
    ("mortgage", "company"): "lender",
    ("insurance", "company"): "insurer",
    ("lead", "manager"): "staff",
    ("lead", "owner"): "staff",
    ("account", "manager"): "staff",
    ("team", "member"): "staff",
    ("team", "leader"): "staff",
}

NEVER_THE_LEAD = frozenset({"agent", "attorney", "lender", "trustee", "staff", "relative", "coowner", "insurer"})

# Words that only a company's name holds.
COMPANY_WORDS = frozenset(
    "llc inc incorporated corp corporation co company ltd lp llp lllp pllc pc plc trust trustee trustees tr living "
    "revocable irrevocable estate holdings holding properties property investments investment investors capital group "
    "partners partnership enterprises enterprise ventures venture realty homes rentals rental management mgmt "
    "bank church ministries association assn foundation fund funding financial services solutions associates "
    "industries international development developers builders construction apartments housing authority city county "
    "state university school district hospital club league society acquisitions equities assets residential "
    "hoa condominium cemetery lodge".split()
)

LENDER_WORDS = frozenset(
    "bank mortgage lending loan loans savings financial federal servicing servicer fannie freddie funding credit fsb "
    "na trustee association fargo chase nationstar pennymac deutsche bancorp finance lender citibank".split()
)

STREET_WORDS = frozenset(
    "st street ave avenue av rd road dr drive ln lane ct court blvd boulevard way pl place ter terrace terr cir circle "
    "pkwy parkway hwy highway trl trail sq square loop pike run path cv cove pt point aly alley xing crossing row walk "
    "bnd bend rdg ridge hl hill hls hollow holw hts heights expy expressway fwy freeway tpke turnpike pass plz plaza "
    "crk creek mnr manor est ests gln glen grv grove park vw view vlg village route rte rt fm cr county sr us "
    "tr cres crescent crse course landing lndg mews oval parade spur ranch rnch vis vista walk gdns gardens isle "
    "ml mill mls estates cswy causeway brg bridge gate calle camino avenida via paseo".split()
)

# US states with the District of Columbia, the territories and the mail of the forces.
STATE_CODES = frozenset(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY PR VI GU AS MP AA AE AP".split()
)
STATE_NAMES = frozenset(
    "alabama,alaska,arizona,arkansas,california,colorado,connecticut,delaware,district of columbia,florida,georgia,"
    "hawaii,idaho,illinois,indiana,iowa,kansas,kentucky,louisiana,maine,maryland,massachusetts,michigan,minnesota,"
    "mississippi,missouri,montana,nebraska,nevada,new hampshire,new jersey,new mexico,new york,north carolina,"
    "north dakota,ohio,oklahoma,oregon,pennsylvania,rhode island,south carolina,south dakota,tennessee,texas,utah,"
    "vermont,virginia,washington,west virginia,wisconsin,wyoming,puerto rico".split(",")
)

# Area codes of the North American plan in the United States and Puerto Rico.
AREA_CODES = frozenset(
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 227 228 229 231 234 235 239 "
    "240 248 251 252 253 254 256 260 262 267 269 270 272 274 276 279 281 283 301 302 303 304 305 307 308 309 310 312 "
    "313 314 315 316 317 318 319 320 321 323 324 325 326 327 329 330 331 332 334 336 337 339 340 341 346 347 350 351 "
    "352 353 357 360 361 363 364 369 380 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 "
    "425 430 432 434 435 436 440 442 443 445 447 448 457 458 463 464 469 470 471 472 475 478 479 480 483 484 500 501 "
    "502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 531 534 539 540 541 551 555 557 559 561 562 563 "
    "564 567 570 571 572 573 574 575 580 582 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 "
    "620 621 623 624 626 628 629 630 631 636 640 641 645 646 650 651 656 657 659 660 661 662 667 669 671 678 679 680 "
    "681 682 684 686 689 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 726 727 728 729 730 "
    "731 732 734 737 738 740 743 747 748 754 757 760 762 763 765 769 770 771 772 773 774 775 779 781 785 786 787 800 "
    "801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 820 821 826 828 830 831 832 833 835 837 838 839 840 "
    "843 844 845 847 848 850 854 855 856 857 858 859 860 861 862 863 864 865 866 870 872 877 878 888 901 903 904 906 "
    "907 908 909 910 912 913 914 915 916 917 918 919 920 924 925 928 929 930 931 934 935 936 937 938 939 940 941 943 "
    "945 947 948 949 951 952 954 956 959 970 971 972 973 975 978 979 980 983 984 985 986 989".split()
)

# Common given names: they tell which of two columns of single words is the first name when no header does.
GIVEN_NAMES = frozenset(
    "james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph "
    "jessica thomas sarah christopher karen charles lisa daniel nancy matthew betty anthony sandra mark margaret "
    "donald ashley steven kimberly andrew emily paul donna joshua michelle kenneth carol kevin amanda brian melissa "
    "george deborah timothy stephanie ronald rebecca jason laura edward sharon jeffrey cynthia ryan dorothy jacob amy "
    "gary kathleen nicholas angela eric shirley jonathan emma stephen brenda larry pamela justin nicole scott anna "
    "brandon samantha benjamin katherine samuel christine gregory helen alexander debra patrick rachel frank carolyn "
    "raymond janet jack maria dennis catherine jerry heather tyler diane aaron olivia jose julie adam joyce nathan "
    "victoria henry ruth zachary virginia douglas lauren peter kelly kyle christina noah joan ethan evelyn jeremy "
    "judith walter andrea christian hannah keith megan roger cheryl terry jacqueline austin martha sean madison gerald "
    "teresa carl gloria harold sara dylan janice arthur ann lawrence kathryn jordan abigail jesse sophia bryan frances "
    "billy jean bruce alice gabriel judy joe isabella logan julia alan grace juan amber albert denise willie danielle "
    "elijah marilyn wayne beverly randy charlotte vincent natalie mason theresa roy diana ralph brittany bobby doris "
    "russell kayla bradley alexis philip lori eugene marie luis carlos miguel jesus pedro rosa carmen ana antonio "
    "francisco manuel jorge ricardo fernando eduardo luz elena ivan oscar ruben hector victor raul sergio leticia "
    "veronica tracy dana tina wanda connie tammy phyllis norma paula sheila sally crystal erin shannon monica leslie "
    "travis derek marcus craig shawn todd chad curtis lance glenn dale clarence ernest leonard howard fred earl "
    "norman stanley leo melvin darrell tony johnny jimmy danny mike bob bill tom jim steve dave chris dan matt "
    "ignacio aiyana zuleyka wendell katarzyna priya tamsin norbert jericho philippa cormac winifred shanelle imogen "
    "amos esteban anselm lucinda lavinia cedric darnell efrain harriet marguerite odalys osvaldo quentin soledad "
    "rufus tobias dashiell ximena greta gideon rosalind beatriz dolores guadalupe".split()
)

# Words that typing errors are measured against: the nouns and parties that lists cannot do without.
OFTEN_MISTYPED = (
    "address street phone email mobile telephone first last name full city state county zipcode owner property "
    "mailing parcel company number contact seller postal country landline cell business firstname lastname situs "
    "apellido telefono direccion ciudad taxpayer plaintiff defendant attorney agent price value date status notes"
).split()


def _read(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    for meaning, words in table.items():
        for word in words.split():
            yield word, meaning


NOUN_OF = dict(_read(NOUNS))
PARTY_OF = dict(_read(PARTIES))
PLACE_OF = dict(_read(PLACES))
NEUTRAL_WORDS = frozenset(NEUTRAL.split())
OTHER_WORDS = frozenset(OTHERS.split()) - NOUN_OF.keys() - PARTY_OF.keys() - PLACE_OF.keys() - NEUTRAL_WORDS


def skeleton(word: str) -> str:
    """The first letter of a word and the consonants after it, each once in a row: what short forms keep."""
    return word[0] + "".join(
        letter for at, letter in enumerate(word) if at and letter not in "aeiou" and letter != word[at - 1]
    )


def _shortened() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for words in (NOUN_OF, PARTY_OF, PLACE_OF, OTHER_WORDS):
        for word in sorted(words):
            if len(word) >= 4 and len(skeleton(word)) >= 3:
                found.setdefault(skeleton(word), []).append(word)
    return found


SHORTENED = _shortened()
ALL_WORDS = frozenset(NOUN_OF) | frozenset(PARTY_OF) | frozenset(PLACE_OF) | NEUTRAL_WORDS | OTHER_WORDS
